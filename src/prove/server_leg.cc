#include "prove/server_leg.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "prove/leaves.h"

namespace ouro::prove {
namespace {

constexpr std::string_view kManager = "ouro-prove";
constexpr std::string_view kNameSuffix = "-ouro-prove";
// Shortest limit on names of built-in kinds (CronJob: 52 characters).
constexpr size_t kNameSize = 52;
constexpr std::string_view kUnknownFieldMark = "unknown field \"";

// "apps/v1" → {"apps", "v1"}.
std::pair<std::string_view, std::string_view> SplitVersion(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

std::string OtherName(std::string_view name) {
  const size_t kept = std::min(name.size(), kNameSize - kNameSuffix.size());
  return fmt::format("{}{}", name.substr(0, kept), kNameSuffix);
}

// One word for many objects that are refused for the same reason.
std::string RefusalKind(const kube::WriteAnswer& answer) {
  const kube::ApiStatus& status = answer.status;
  if (status.code == 404) return "the server has no such namespace or kind";
  if (status.reason == "Invalid" || status.code == 422) return "the server refuses it as invalid";
  if (status.code == 400) return "the server cannot read it";
  if (status.reason == "Forbidden" || status.code == 403) return "the server forbids it";
  if (status.code == 409) return "an object of this name exists";
  return fmt::format("the server answers {}", answer.http_status);
}

std::string Sentence(const kube::ApiStatus& status) {
  std::string out = status.message;
  if (out.empty()) out = JoinText(status.causes, "; ");
  return out;
}

}  // namespace

// One object under way.
struct ServerLeg::Question {
  const kube::ApiResource* resource = nullptr;
  std::string_view name_space;
  std::string name;  // its own; empty: the server makes one
  std::string json;  // as it is sent
  bool renamed = false;
  std::vector<PolicyMode> modes;
  Verdicts said;
  // Answers in which the canary was not heard.
  int deaf_count = 0;
  std::string deaf_reason;
};

std::optional<NotAsked> ServerLeg::Prepare(const model::Resource& object, std::string_view json,
                                           Question& question) {
  const auto [group, version] = SplitVersion(object.api_version);
  question.resource = server_.discovery.Find(group, object.kind, version);
  if (question.resource == nullptr) {
    return NotAsked{"the server does not serve the kind",
                    fmt::format("{} {}", object.api_version, object.kind)};
  }
  if (!question.resource->Can("create")) {
    return NotAsked{"the server cannot create objects of the kind",
                    fmt::format("{} {}", object.api_version, object.kind)};
  }
  if (question.resource->namespaced) {
    question.name_space = object.namespace_name;
    if (question.name_space.empty()) question.name_space = options_.name_space;
  }
  question.name = object.name;
  question.json = json;
  return std::nullopt;
}

Result<kube::WriteAnswer> ServerLeg::Try(Question& question, std::string_view manager,
                                         std::string_view validation, ServerAnswer& answer) {
  ++answer.requests;
  OURO_TRY(kube::WriteAnswer said,
           api_.Try(*question.resource, question.name_space, question.json, manager, validation));
  if (said.http_status != 409 || said.status.reason != "AlreadyExists" || question.renamed ||
      question.name.empty()) {
    return said;
  }
  OURO_TRY_STATUS(io::ReadJson(question.json, {}, keys_, tree_));
  if (tree_.roots().size() != 1) return said;
  OURO_TRY(question.json,
           JsonRenamed(tree_, keys_, tree_.roots().front().node, OtherName(question.name)));
  question.renamed = answer.renamed = true;
  ++answer.requests;
  return api_.Try(*question.resource, question.name_space, question.json, manager, validation);
}

// Writes down what was heard. False: the canary was silent, so the silence of others means nothing.
Result<bool> ServerLeg::HearWarnings(Question& question, size_t group,
                                     const kube::WriteAnswer& said) {
  const InstalledPolicies& policies = *options_.policies;
  bool canary = false;
  for (const std::string& warning : said.warnings) {
    const auto heard = policies.ReadWarning(warning);
    if (!heard) continue;
    canary = canary || heard->canary;
    if (heard->canary || question.modes[heard->policy] != PolicyMode::kWarn) continue;
    auto& verdict = question.said[policies.check(heard->policy)];
    if (!verdict) verdict.emplace();
    verdict->Add(heard->is_error ? Verdict::kError : Verdict::kFail, false, {}, heard->message);
    verdict->places.clear();
  }
  const bool cut = WarningsMayBeMissing(said.warnings);
  for (size_t i = policies.group_begin(group); i < policies.group_end(group); ++i) {
    auto& verdict = question.said[policies.check(i)];
    if (question.modes[i] == PolicyMode::kWarn && verdict) {
      question.modes[i] = PolicyMode::kSilent;
    } else if (question.modes[i] == PolicyMode::kWarn && canary && !cut) {
      question.modes[i] = PolicyMode::kDeny;  // passed after all, or its warning was dropped
    } else if (question.modes[i] == PolicyMode::kDeny && canary) {
      if (!verdict) verdict.emplace();
      verdict->Add(Verdict::kPass, false, {}, {});
      question.modes[i] = PolicyMode::kSilent;
    }
  }
  // Room is needed to hear the canary; what was heard is out of the way in the next request.
  return canary || cut;
}

Status ServerLeg::AskGroup(Question& question, size_t group, ServerAnswer& answer) {
  const InstalledPolicies& policies = *options_.policies;
  const auto undecided = [&] {
    return std::any_of(
        question.modes.begin() + static_cast<std::ptrdiff_t>(policies.group_begin(group)),
        question.modes.begin() + static_cast<std::ptrdiff_t>(policies.group_end(group)),
        [](PolicyMode mode) { return mode != PolicyMode::kSilent; });
  };
  const size_t rounds_max = 2 * (policies.group_end(group) - policies.group_begin(group)) + 8;
  // Denials alone decide policies but show no object.
  for (size_t round = 0; round == 0 || undecided() || answer.object.empty(); ++round) {
    if (round > rounds_max) {
      question.deaf_reason = "the server's warnings contradict each other";
      return {};
    }
    OURO_TRY(kube::WriteAnswer said,
             Try(question, policies.Manager(group, question.modes), "Ignore", answer));
    if (said.accepted) {
      answer.object = std::move(said.object);
      OURO_TRY(const bool heard, HearWarnings(question, group, said));
      if (heard) continue;
      if (++question.deaf_count < limits::kProveDeafAnswerCount) continue;
      question.deaf_reason = "the API server runs no admission policies for this kind";
      return {};
    }
    const auto denial = policies.ReadDenial(said.status.message);
    if (!denial || denial->canary || question.modes[denial->policy] != PolicyMode::kDeny) {
      answer.not_asked = NotAsked{RefusalKind(said), Sentence(said.status)};
      return {};
    }
    auto& verdict = question.said[policies.check(denial->policy)];
    if (!verdict) verdict.emplace();
    verdict->Add(denial->is_error ? Verdict::kError : Verdict::kFail, false, {}, denial->message);
    verdict->places.clear();
    question.modes[denial->policy] = PolicyMode::kSilent;
  }
  return {};
}

Status ServerLeg::Settle(Question& question, const Verdicts& expected, ServerAnswer& answer) {
  if (options_.policies == nullptr) {
    OURO_TRY(kube::WriteAnswer said, Try(question, kManager, "Ignore", answer));
    if (said.accepted) {
      answer.object = std::move(said.object);
    } else {
      answer.not_asked = NotAsked{RefusalKind(said), Sentence(said.status)};
    }
    return {};
  }
  const InstalledPolicies& policies = *options_.policies;
  question.said.resize(options_.check_count);
  for (size_t i = 0; i < policies.policy_count(); ++i) {
    const auto& verdict = expected[policies.check(i)];
    const bool fails = verdict && verdict->verdict >= Verdict::kError;
    question.modes.push_back(fails ? PolicyMode::kWarn : PolicyMode::kDeny);
  }
  for (size_t group = 0; group < policies.group_count(); ++group) {
    OURO_TRY_STATUS(AskGroup(question, group, answer));
    if (answer.not_asked) return {};
  }
  if (question.deaf_reason.empty()) {
    answer.policies = std::move(question.said);
  } else {
    answer.policies_unknown = question.deaf_reason;
  }
  return {};
}

Status ServerLeg::CreateReally(Question& question, ServerAnswer& answer) {
  OURO_TRY(const kube::WriteAnswer made,
           api_.Create(*question.resource, question.name_space, question.json));
  ++answer.requests;
  if (!made.accepted) {
    answer.not_asked = NotAsked{RefusalKind(made), Sentence(made.status)};
    return {};
  }
  OURO_TRY_STATUS(io::ReadJson(made.object, {}, keys_, tree_));
  const io::NodeView root(tree_, keys_,
                          tree_.roots().empty() ? io::kNoNode : tree_.roots().front().node);
  const std::string name(root.Get("metadata").Get("name").Text());
  const std::string space(root.Get("metadata").Get("namespace").Text());
  Result<std::string> object = api_.Get(*question.resource, space, name);
  answer.requests += 2;
  // Even when it could not be read: what was created here must go.
  const Status gone = api_.Delete(*question.resource, space, name);
  if (!object) return tl::unexpected<Error>(object.error());
  OURO_TRY_STATUS(gone);
  answer.object = std::move(*object);
  return {};
}

Status ServerLeg::GiveOwnName(const Question& question, ServerAnswer& answer) {
  if (!question.renamed) return {};
  OURO_TRY_STATUS(io::ReadJson(answer.object, {}, keys_, tree_));
  if (tree_.roots().size() != 1) return Fail(ErrorCode::kParse, "the server's object is not JSON");
  OURO_TRY(answer.object, JsonRenamed(tree_, keys_, tree_.roots().front().node, question.name));
  return {};
}

Result<ServerAnswer> ServerLeg::Ask(const model::Resource& object, std::string_view json,
                                    const Verdicts& expected) {
  ServerAnswer answer;
  Question question;
  answer.not_asked = Prepare(object, json, question);
  answer.resource = question.resource;
  if (answer.not_asked) return answer;
  OURO_TRY_STATUS(Settle(question, expected, answer));
  if (!answer.not_asked && options_.create) OURO_TRY_STATUS(CreateReally(question, answer));
  if (!answer.not_asked) OURO_TRY_STATUS(GiveOwnName(question, answer));
  return answer;
}

Result<std::vector<std::string>> ServerLeg::UnknownFields(const model::Resource& object,
                                                          std::string_view json) {
  ServerAnswer answer;
  Question question;
  if (Prepare(object, json, question)) return std::vector<std::string>();
  OURO_TRY(const kube::WriteAnswer said, Try(question, kManager, "Warn", answer));
  std::vector<std::string> fields;
  for (const std::string& warning : said.warnings) {
    if (!StartsWith(warning, kUnknownFieldMark)) continue;
    const std::string_view rest = std::string_view(warning).substr(kUnknownFieldMark.size());
    fields.emplace_back(rest.substr(0, rest.find('"')));
  }
  return fields;
}

}  // namespace ouro::prove
