// A chosen set of checks, compiled to run together over one object.
//
//   read (check_reader.h) → select (selection.h) → compile (here)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "rules/cel.h"
#include "rules/check.h"
#include "rules/selection.h"

namespace ouro::rules {

enum class HitKind : uint8_t { kFail, kError, kPass };

// What one check says of one subject (object, pod template, container or item).
struct Hit {
  HitKind kind = HitKind::kFail;
  uint32_t check = 0;           // index into RuleSet::checks()
  uint32_t node = io::kNoNode;  // node slot that the location points to (see Check::at)
  bool present = true;          // false: the field is absent and `node` is its nearest parent
  std::string_view container;   // container name; empty when the check is not about a container
  // Where `at` points, also when the field is absent; indexes of lists; keys that are no plain
  // names in quotes: "$.spec.containers[0].securityContext.privileged",
  // "$.metadata.annotations['example.com/a']".
  std::string json_path;
  // The same for identity: list items by name, never by index (rules/check_path.h), without "$.":
  // "spec.containers[name=web].securityContext.privileged".
  std::string field_path;
  std::string message;  // evaluated message, or the error's text
  // Edits of the check's fix: absolute json_path → JSON text; empty text: remove.
  std::vector<std::pair<std::string, std::string>> fix;
};

// Receives hits in order of check and subject. Return value is ignored.
class HitSink {
 public:
  virtual ~HitSink() = default;
  virtual void OnHit(Hit&& hit) = 0;
};

// Facts about other objects of the run that some checks need (RBAC bindings for now).
class Inventory;  // rules/inventory.h

struct RuleSetOptions {
  int kubernetes_minor = kNewestKubernetesMinor;
  bool want_passes = false;
};

class RuleSet {
 public:
  // `checks` are copied into the set. Fails (kInvalid, where = check id) when an expression does
  // not compile. Field names are interned into `keys`.
  static Result<std::shared_ptr<const RuleSet>> Compile(std::vector<SelectedCheck> checks,
                                                        const RuleSetOptions& options,
                                                        io::KeyTable& keys);
  ~RuleSet();
  const std::vector<SelectedCheck>& checks() const;
  bool needs_inventory() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Runs a rule set. Nothing is allocated for checks that pass. Checks that need the inventory are
// not run when there is none; checks that are not evaluable never run (the engine reports both).
//
// An object is seen as the API server decodes it: a field that is null is absent
// (rule_set_nulls.h). Where a list of containers, a container or a pod template is of a wrong type,
// one kError hit says so, because nothing below it could be judged. One per thread; `keys` is the
// compile table or a copy of it that has grown since.
class RuleRunner {
 public:
  // The service account of a pod template, as it decides about RBAC. Views into the tree; empty
  // texts mean "default".
  struct Account {
    std::string_view name_space;
    std::string_view name;
  };

  RuleRunner(std::shared_ptr<const RuleSet> rules, const io::KeyTable& keys,
             const Inventory* inventory = nullptr);
  ~RuleRunner();
  // Judges the object at `node` (a map with apiVersion and kind; Lists are unpacked by the caller).
  // Returns the number of (check, subject) pairs that passed.
  int64_t Run(const io::Tree& tree, uint32_t node, HitSink& sink);
  // The accounts of the pod templates of the object that was judged last, when the rule set has
  // checks that need the inventory; else empty. Valid until the next Run and as long as the tree.
  const std::vector<Account>& accounts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::rules
