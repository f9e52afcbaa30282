// What every judgement of a run or of a service shares: configuration, check library and compiled
// rules. Built once, then constant; a reload builds a new one and swaps the pointer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/config.h"
#include "io/key_table.h"
#include "model/finding.h"
#include "model/report.h"
#include "rules/check.h"
#include "rules/rule_set.h"
#include "rules/selection.h"

namespace ouro::engine {

struct SnapshotOptions {
  Config config;                      // effective: file with flags over it
  rules::SelectionOptions selection;  // usually SelectionOf(config)
  int kubernetes_minor = -1;          // -1: newest known
  bool show_passed = false;
};

// Immutable; shared by threads through shared_ptr<const Snapshot>.
class Snapshot {
 public:
  // kNotFound or kInvalid: a check nobody knows, a check file that is broken, an expression that
  // does not compile.
  static Result<std::shared_ptr<const Snapshot>> Create(SnapshotOptions options);

  const Config& config() const { return options_.config; }
  int kubernetes_minor() const;
  const rules::SelectionOptions& selection() const { return options_.selection; }
  bool show_passed() const { return options_.show_passed; }
  const std::vector<rules::Check>& library() const { return *library_; }
  // All rules that run, and those of them that ask about other objects (null: none do).
  const std::shared_ptr<const rules::RuleSet>& rules() const { return rules_; }
  const std::shared_ptr<const rules::RuleSet>& inventory_rules() const { return inventory_rules_; }
  // The table that the rules were compiled against. Whoever reads documents works on a copy.
  const io::KeyTable& keys() const { return keys_; }
  // Checks that were chosen but cannot be judged here, one problem each.
  const std::vector<model::Problem>& problems() const { return problems_; }
  // Metadata of the checks that run, sorted by id.
  std::vector<model::RuleInfo> Describe() const;

  // The aliases of a check as reports have them ("checkov:CKV_K8S_16"), sorted; empty when it does
  // not run. Valid as long as the snapshot.
  const std::vector<std::string>& AliasesOf(std::string_view check) const;
  // Adds the texts that a check gives to all its findings alike: title, remediation, aliases,
  // references, and the title as message where there is none.
  void AddStaticTexts(std::vector<model::Finding>& findings) const;
  // Does any check of the library answer to this selector (id, alias or concept, globs included)?
  bool KnowsSelector(std::string_view selector) const;

 private:
  explicit Snapshot(SnapshotOptions options) : options_(std::move(options)) {}
  Status Build();

  struct Texts {
    const rules::Check* check;
    std::vector<std::string> aliases;
  };
  SnapshotOptions options_;
  std::vector<rules::Check> own_library_;
  const std::vector<rules::Check>* library_ = nullptr;
  io::KeyTable keys_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::shared_ptr<const rules::RuleSet> inventory_rules_;
  std::vector<model::Problem> problems_;
  std::unordered_map<std::string_view, Texts> texts_;
};

// Gives findings of one or many objects their identity, texts and the suppressions of the
// configuration, in this order: fingerprints, static texts, suppressions. Duplicates stay. An
// expired suppression that would have hidden something is one warning in `problems`.
void Settle(const Snapshot& snapshot, UnixSeconds now, std::vector<model::Finding>& findings,
            std::vector<model::Problem>& problems);

}  // namespace ouro::engine
