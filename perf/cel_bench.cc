// Speed of the CEL engine: expressions that admission policies are made of, over a document tree
// with three realistic containers. Prints nanoseconds an evaluation beside the bars of
// perf/README.md.

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "io/key_table.h"
#include "io/tree.h"
#include "rules/cel.h"

namespace {

using ouro::rules::Environment;
using ouro::rules::EnvironmentOptions;
using ouro::rules::Evaluator;
using ouro::rules::ProgramBuilder;
using ouro::rules::Value;

constexpr std::string_view kPod = R"(apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop}
spec:
  replicas: 3
  serviceAccountName: shop
  containers:
    - name: web
      image: registry.example.com/shop/web:1.4.2
      ports: [{name: http, containerPort: 8080}]
      env: [{name: MODE, value: production}]
      resources: {limits: {cpu: 500m, memory: 256Mi}, requests: {cpu: 100m, memory: 128Mi}}
      securityContext:
        runAsNonRoot: true
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
    - name: cache
      image: registry.example.com/library/redis:7.2
      ports: [{name: redis, containerPort: 6379}]
      resources: {limits: {cpu: 250m, memory: 128Mi}}
      securityContext:
        runAsNonRoot: true
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
    - name: metrics
      image: registry.example.com/tools/exporter:0.9
      args: [--listen, ":9090"]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
)";

struct Case {
  std::string_view name;
  std::string_view expression;
  double bar_ns;  // 0: no bar
};

constexpr Case kCases[] = {
    {"escalation",
     "containers.all(c, has(c.securityContext) && has(c.securityContext.allowPrivilegeEscalation) "
     "&& "
     "c.securityContext.allowPrivilegeEscalation == false)",
     100},
    {"capabilities",
     "object.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.capabilities) "
     "&& "
     "has(c.securityContext.capabilities.drop) && "
     "c.securityContext.capabilities.drop.exists(d, d == 'ALL'))",
     0},
    {"startsWith", "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))", 0},
    {"matches",
     "object.spec.containers.all(c, c.image.matches('^registry[.]example[.]com/.+:[^:]+$'))", 0},
    {"replicas", "object.spec.replicas <= 5", 0},
};

// Processor time of this thread: other programs on the machine do not count.
double NowNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Best of several runs: what the machine can do, not what else it was doing.
template <typename Work>
double BestNs(int rounds, int iterations, Work work) {
  double best = 1e18;
  for (int round = 0; round < rounds; ++round) {
    const double start = NowNs();
    for (int i = 0; i < iterations; ++i) work();
    const double each = (NowNs() - start) / iterations;
    if (each < best) best = each;
  }
  return best;
}

EnvironmentOptions Options() {
  EnvironmentOptions options;
  options.variables = {{"object", "dyn", 0}, {"containers", "dyn", 1}};
  return options;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "cel_bench: %s\n", message.c_str());
  return 1;
}

int MeasureEvaluation(const std::shared_ptr<const Environment>& environment,
                      ouro::io::KeyTable& keys, const ouro::io::Tree& tree) {
  const uint32_t root = tree.roots().front().node;
  const uint32_t spec = tree.Child(root, keys.Find("spec"));
  const uint32_t containers = tree.Child(spec, keys.Find("containers"));
  for (const Case& measured : kCases) {
    ProgramBuilder builder(environment, keys);
    const auto compiled = builder.Add(measured.expression);
    if (!compiled) return Fail(compiled.error().ToString());
    Evaluator evaluator(builder.Build(), keys);
    const Value list = Value::OfNode(tree, containers);
    const Value object = Value::OfNode(tree, root);
    evaluator.Bind(environment->VariableIndex("object"), object);
    evaluator.Bind(environment->VariableIndex("containers"), list);
    if (!evaluator.Run(compiled->entry).is_true()) {
      return Fail(fmt::format("{} is not true", measured.name));
    }
    bool all = true;
    const double ns = BestNs(50, 10'000, [&] {
      evaluator.Bind(0, object);
      evaluator.Bind(1, list);
      all = evaluator.Run(compiled->entry).is_true() && all;
    });
    const std::string bar = measured.bar_ns > 0 ? fmt::format("{:.0f}", measured.bar_ns) : "-";
    fmt::print("{:<28} {:>10.1f} {:>10}  ns/evaluation{}\n", measured.name, ns, bar,
               all ? "" : " !");
  }
  return 0;
}

int MeasureCompilation(const std::shared_ptr<const Environment>& environment,
                       ouro::io::KeyTable& keys) {
  const double create = BestNs(10, 50, [] {
    const auto created = Environment::Create(Options());
    if (!created) std::abort();
  });
  fmt::print("{:<28} {:>10.1f} {:>10}  us\n", "create environment", create / 1000, 300);
  const double compile = BestNs(10, 20, [&] {
    ProgramBuilder builder(environment, keys);
    for (int i = 0; i < 20; ++i) {
      for (const Case& measured : kCases) {
        if (!builder.Add(measured.expression)) std::abort();
      }
    }
    builder.Build();
  });
  fmt::print("{:<28} {:>10.2f} {:>10}  us/expression\n", "compile (shared builder)",
             compile / 1000 / 20 / std::size(kCases), 15);
  const double alone = BestNs(10, 200, [&] {
    ProgramBuilder builder(environment, keys);
    if (!builder.Add(kCases[0].expression)) std::abort();
    builder.Build();
  });
  fmt::print("{:<28} {:>10.2f} {:>10}  us/expression\n", "compile (builder of its own)",
             alone / 1000, "-");
  return 0;
}

}  // namespace

int main() {
  ouro::io::KeyTable keys;
  ouro::io::Tree tree;
  const auto read = ouro::io::ReadYaml(std::string(kPod), {}, keys, tree);
  if (!read || tree.roots().empty()) return Fail("the document cannot be read");
  const auto environment = Environment::Create(Options());
  if (!environment) return Fail(environment.error().ToString());
  fmt::print("{:<28} {:>10} {:>10}\n", "CEL", "measured", "bar");
  if (const int failed = MeasureEvaluation(*environment, keys, tree); failed != 0) return failed;
  return MeasureCompilation(*environment, keys);
}
