#include <fmt/format.h>

#include "rules/cel.h"
#include "rules/cel_checker.h"
#include "rules/cel_lexer.h"
#include "rules/cel_lowering.h"
#include "rules/cel_parser.h"
#include "rules/cel_program.h"

namespace ouro::rules {

struct ProgramBuilder::Impl {
  Impl(std::shared_ptr<const Environment> program_environment, io::KeyTable& key_table)
      : environment(std::move(program_environment)),
        keys(key_table),
        signatures(environment->impl()),
        graph(std::make_unique<Graph>(environment->options().call_cost_limit == 0)) {}

  Status RequireType(const Expr* root, std::string_view result_type) {
    if (result_type.empty() || root->type == nullptr) return {};
    OURO_TRY(const Type* required, signatures.pool().Parse(result_type, Environment::Impl::IsObject,
                                                           &environment->impl()));
    if (IsDyn(root->type) || EquivalentTypes(required, root->type)) return {};
    return Fail(ErrorCode::kInvalid,
                fmt::format("must evaluate to {}, not to {}", result_type, TypeToText(root->type)));
  }

  std::shared_ptr<const Environment> environment;
  io::KeyTable& keys;
  SignatureCache signatures;
  PatternCache patterns;
  std::unique_ptr<Graph> graph;
  Arena tree_arena;
  std::vector<uint32_t> entries;
};

ProgramBuilder::ProgramBuilder(std::shared_ptr<const Environment> environment, io::KeyTable& keys)
    : impl_(std::make_unique<Impl>(std::move(environment), keys)) {}
ProgramBuilder::~ProgramBuilder() = default;

Result<CompiledExpression> ProgramBuilder::Add(std::string_view expression,
                                               std::string_view result_type) {
  const Environment::Impl& environment = impl_->environment->impl();
  impl_->tree_arena.Reset();
  OURO_TRY(Expr * root, ParseExpression(expression, environment.syntax, impl_->tree_arena));
  if (environment.options.type_check) {
    OURO_TRY_STATUS(
        CheckTypes(environment, impl_->signatures, expression, impl_->tree_arena, root));
    OURO_TRY_STATUS(impl_->RequireType(root, result_type));
  } else {
    ResolveNames(environment, impl_->tree_arena, root);
  }
  const LoweringContext context{environment,     impl_->signatures,
                                *impl_->graph,   impl_->keys,
                                impl_->patterns, environment.options.call_cost_limit != 0};
  const uint32_t before = impl_->graph->count();
  auto node = Lower(context, expression, root);
  if (!node) {
    impl_->graph->Truncate(before);
    return tl::unexpected<Error>(std::move(node).error());
  }
  impl_->entries.push_back(*node);
  CompiledExpression compiled;
  compiled.entry = static_cast<int>(impl_->entries.size()) - 1;
  compiled.result_type = root->type == nullptr ? "dyn" : TypeToText(root->type);
  return compiled;
}

std::shared_ptr<const Program> ProgramBuilder::Build() {
  auto program = LayOut(std::move(impl_->graph), impl_->entries, *impl_->environment);
  return std::shared_ptr<const Program>(new Program(impl_->environment, std::move(program)));
}

Program::Program(std::shared_ptr<const Environment> environment, std::unique_ptr<Impl> impl)
    : environment_(std::move(environment)), impl_(std::move(impl)) {}
Program::~Program() = default;

}  // namespace ouro::rules
