#include "prove/object_prover.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "prove/explain.h"

namespace ouro::prove {
namespace {

using Missing = ObjectOutcome::Missing;

bool IsFromFile(Leg leg) {
  return leg == Leg::kFile || leg == Leg::kJson;
}

ServerLeg::Options LegOptions(const ProveContext& context) {
  ServerLeg::Options options;
  options.name_space = context.request->name_space;
  options.create = context.request->create;
  options.policies = context.installed;
  options.check_count = context.numbers->count();
  return options;
}

}  // namespace

std::array<PairCount, kPairCount> AllPairs() {
  std::array<PairCount, kPairCount> pairs;
  size_t i = 0;
  for (const Leg a : kLegs) {
    for (const Leg b : kLegs) {
      if (a < b) pairs[i++] = {a, b, 0, 0, 0, 0, 0};
    }
  }
  return pairs;
}

// One object under way.
struct ObjectProver::Legs {
  model::Resource resource;  // of the object in its latest form
  std::string json;          // of the file's object
  Judged file;
  Judged live;
  bool is_live = false;
  ServerAnswer answer;
  std::array<Verdicts, kLegCount> verdicts;  // empty: the leg did not judge
  std::unique_ptr<Explainer> explainer;

  const std::string& latest() const { return is_live ? answer.object : json; }
  const CheckVerdict* Of(Leg leg, size_t number) const {
    const Verdicts& all = verdicts[static_cast<size_t>(leg)];
    return number < all.size() && all[number] ? &*all[number] : nullptr;
  }
  Verdicts& operator[](Leg leg) { return verdicts[static_cast<size_t>(leg)]; }
};

ObjectProver::ObjectProver(const ProveContext& context, std::unique_ptr<Api> api)
    : context_(context),
      judge_(context.snapshot, *context.numbers, context.inventory, context.request->now),
      review_leg_(context.snapshot, *context.numbers, *context.singles, context.request->now),
      api_(std::move(api)) {
  if (context.local) local_.emplace(*context.local, context.numbers->count());
  if (api_) server_leg_.emplace(*context.server, *api_, LegOptions(context));
}

std::optional<ObjectOutcome> ObjectProver::Run(const scan::Object& object,
                                               const std::string& shown) {
  ObjectOutcome out;
  out.place = {shown, object.tree->PositionOf(object.tree->node(object.node).start).line,
               object.resource};
  Legs legs;
  legs.resource = object.resource;
  legs.file = judge_.File(object, shown);
  out.excluded = legs.file.excluded;
  if (out.excluded) return out;
  legs[Leg::kFile] = legs.file.verdicts;
  Result<std::string> json = io::ToJson(*object.tree, judge_.keys(), object.node);
  if (!json) {
    out.not_compared.push_back({"it cannot be written as JSON",
                                json.error().message,
                                {Leg::kJson, Leg::kLive, Leg::kReview, Leg::kPolicy}});
    return out;
  }
  legs.json = std::move(*json);
  Result<Judged> again = judge_.Json(legs.json, shown);
  if (again) {
    legs[Leg::kJson] = std::move(again->verdicts);
  } else {
    out.not_compared.push_back(
        {"its JSON form cannot be read", again.error().message, {Leg::kJson}});
  }
  AskServer(legs, out);
  if (context_.Stopped()) return std::nullopt;
  JudgeLive(legs, out);
  JudgeReview(legs, out);
  JudgePolicies(legs, out);
  CompareLegs(legs, out);
  return out;
}

void ObjectProver::AskServer(Legs& legs, ObjectOutcome& out) {
  if (!server_leg_) return;
  std::vector<Leg> silent = {Leg::kLive};
  if (context_.installed != nullptr) silent.push_back(Leg::kPolicy);
  if (context_.failures_in_a_row.load() >= limits::kProveFailureCount) {
    out.not_compared.push_back({"the server could not be asked any more", {}, silent});
    return;
  }
  Result<ServerAnswer> answer = server_leg_->Ask(legs.resource, legs.json, legs.file.verdicts);
  if (!answer) {
    if (context_.Stopped()) return;
    context_.failures_in_a_row.fetch_add(1);
    out.not_compared.push_back(
        {"the server could not be asked", answer.error().ToString(), silent});
    return;
  }
  context_.failures_in_a_row.store(0);
  legs.answer = std::move(*answer);
  out.requests = legs.answer.requests;
  if (legs.answer.not_asked) {
    out.not_compared.push_back(
        {legs.answer.not_asked->kind, legs.answer.not_asked->sentence, silent});
    return;
  }
  legs.is_live = true;
  if (legs.answer.resource->namespaced && legs.resource.namespace_name.empty()) {
    legs.resource.namespace_name = context_.request->name_space;
  }
  if (context_.installed != nullptr && !legs.answer.policies) {
    out.not_compared.push_back({legs.answer.policies_unknown, {}, {Leg::kPolicy}});
  }
}

void ObjectProver::JudgeLive(Legs& legs, ObjectOutcome& out) {
  if (!legs.is_live) return;
  Result<Judged> live = judge_.Live(legs.answer.object);
  if (!live) {
    legs.is_live = false;
    out.not_compared.push_back(
        {"the server's object cannot be read", live.error().message, {Leg::kLive}});
    return;
  }
  if (live->excluded) {
    out.not_compared.push_back({"its live form is excluded by the configuration",
                                {},
                                {Leg::kLive, Leg::kReview, Leg::kPolicy}});
    return;
  }
  out.live = true;
  legs.live = std::move(*live);
  legs[Leg::kLive] = legs.live.verdicts;
}

void ObjectProver::JudgeReview(Legs& legs, ObjectOutcome& out) {
  if (legs.is_live && !out.live) return;
  const auto& known = legs.is_live ? legs.live.open_ids : legs.file.open_ids;
  Result<Verdicts> review =
      review_leg_.Judge(legs.resource, legs.latest(), legs.answer.resource, known);
  if (review) {
    legs[Leg::kReview] = std::move(*review);
  } else {
    out.not_compared.push_back(
        {"the webhook's answer cannot be used", review.error().message, {Leg::kReview}});
  }
}

void ObjectProver::JudgePolicies(Legs& legs, ObjectOutcome& out) {
  if (legs.is_live && !out.live) return;
  if (context_.installed != nullptr) {
    if (legs.answer.policies) legs[Leg::kPolicy] = std::move(*legs.answer.policies);
    return;
  }
  if (!local_) return;
  if (!legs.is_live && legs.file.has_errors) {
    // A field of the wrong type, most likely: no API server would show it to a policy.
    out.not_compared.push_back(
        {"what cannot be evaluated never reaches a policy", {}, {Leg::kPolicy}});
    return;
  }
  Result<Verdicts> policies = local_->Judge(legs.latest(), legs.answer.resource);
  if (policies) {
    legs[Leg::kPolicy] = std::move(*policies);
  } else {
    out.not_compared.push_back(
        {"the policies cannot judge it", policies.error().message, {Leg::kPolicy}});
  }
}

void ObjectProver::CompareLegs(Legs& legs, ObjectOutcome& out) {
  for (size_t number = 0; number < context_.numbers->count(); ++number) {
    CompareCheck(number, legs, out);
  }
}

std::optional<Explanation> ObjectProver::Explain(size_t number, Legs& legs, std::string& note) {
  if (!legs.is_live) return std::nullopt;
  if (!legs.explainer) {
    legs.explainer = std::make_unique<Explainer>(judge_, legs.json, legs.answer.object, [&] {
      return server_leg_->UnknownFields(legs.resource, legs.json);
    });
  }
  auto explained = legs.explainer->Explain(context_.numbers->id(number), number);
  if (explained) return *explained;
  note = explained.error().ToString();
  return std::nullopt;
}

void ObjectProver::CompareCheck(size_t number, Legs& legs, ObjectOutcome& out) {
  const CheckVerdict* file = legs.Of(Leg::kFile, number);
  const CheckVerdict* live = legs.Of(Leg::kLive, number);
  const CheckVerdict* base = live != nullptr ? live : file;
  const bool suppressed = base != nullptr && base->verdict != base->open;
  std::optional<Explanation> explanation;
  bool asked = false;
  bool unexplained = false;
  std::string note;
  for (PairCount& pair : out.pairs) {
    const CheckVerdict* a = legs.Of(pair.a, number);
    const CheckVerdict* b = legs.Of(pair.b, number);
    if (a == nullptr || b == nullptr) continue;
    if (suppressed && pair.a == Leg::kReview && pair.b == Leg::kPolicy) continue;
    ++pair.compared;
    if (std::max(a->verdict, b->verdict) >= Verdict::kError) ++pair.findings;
    if (IsSame(pair.a, *a, pair.b, *b)) {
      ++pair.same;
      continue;
    }
    // What the server did to the object stands between the file's legs and the others; the other
    // leg must say what the live object says.
    const bool across = IsFromFile(pair.a) && !IsFromFile(pair.b) && live != nullptr &&
                        (pair.b == Leg::kLive || IsSame(Leg::kLive, *live, pair.b, *b));
    if (across && !asked) {
      asked = true;
      explanation = Explain(number, legs, note);
    }
    if (across && explanation) {
      ++pair.explained;
    } else {
      ++pair.unexplained;
      unexplained = true;
    }
  }
  if (explanation) {
    out.explained.push_back(
        {context_.numbers->id(number), explanation->field, explanation->reason, 1, out.place});
  }
  if (!unexplained) return;
  Difference difference{out.place, context_.numbers->id(number), {}, std::move(note)};
  for (const Leg leg : kLegs) {
    if (const CheckVerdict* verdict = legs.Of(leg, number)) {
      difference.legs[static_cast<size_t>(leg)] = *verdict;
    }
  }
  out.unexplained.push_back(std::move(difference));
}

}  // namespace ouro::prove
