// One object of a live list, reduced to what rules can read of it. Internal to this module.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "engine/cluster_fields.h"
#include "engine/owners.h"
#include "io/tree.h"
#include "rules/rule_set.h"

namespace ouro::engine {

struct LiveObject {
  std::string api_version;
  std::string kind;
  std::string name;  // of the mirror of a static pod: without the node's name behind it
  std::string name_space;
  std::string uid;
  Controller controller;  // empty: none, or the Node of a static pod
  bool mirror = false;    // a static pod as the API server shows it
  // A ReplicaSet that its controller has scaled to nothing: an old revision, kept for a rollback.
  bool old_revision = false;
  // JSON of the object: what rules, suppressions and excludes can read, and no more. Of a pod with
  // a controller the name is left out too unless something reads it.
  std::string text;
  // Equal keys: same text, same controller, so the same verdict for the same owner. Empty: the
  // object stands for itself.
  std::string key;
};

// Reads objects as the API server sends them. Not thread-safe; buffers are kept from call to call.
//
// Left out are fields that no rule reads (FieldUse), which for most rule sets are status,
// managedFields and what the scheduler and kubelet write into a pod; labels that number the
// replicas, unless a rule reads them; annotations in which network plugins and the kubelet note
// what they did for a pod on its node, unless a rule speaks of them. The name of the volume that
// the API server adds for the account's token is random ("kube-api-access-7x2mw") and becomes
// "kube-api-access-xxxxx", so that replicas have the same field paths.
class ObjectReader {
 public:
  struct Options {
    bool names_matter = false;   // an exclude looks at names
    bool labels_matter = false;  // an exclude looks at labels
  };
  ObjectReader(const rules::RuleSet& rules, Options options) : rules_(rules), options_(options) {}

  // `item` is the JSON of one object; `api_version` and `kind` hold where it has none itself.
  // kParse when the text is no JSON map; kInvalid when it is no object (no kind, no name).
  Status Read(std::string_view item, std::string_view api_version, std::string_view kind,
              LiveObject& out);

 private:
  // What is kept of one kind.
  struct Plan {
    Plan(const rules::RuleSet& rules, std::string_view version, std::string_view kind_name)
        : use(rules, version, kind_name), is_pod(version == "v1" && kind_name == "Pod") {
      drop_status = !use.Reads({"status"});
      reads_name = use.Reads({"metadata", "name"}) || use.Reads({"metadata", "generateName"});
      reads_node_annotations = NamesNodeAnnotations(use);
    }
    static bool NamesNodeAnnotations(const FieldUse& use);
    // Whether a member is kept; asked of `use` once per name.
    bool KeepsMetadata(std::string_view key);
    bool KeepsSpec(std::string_view key);
    FieldUse use;
    bool is_pod;
    bool drop_status = true;
    bool reads_name = false;
    bool reads_node_annotations = false;

   private:
    struct Hash {
      using is_transparent = void;
      size_t operator()(std::string_view text) const { return FastHash(text); }
    };
    using Memo = std::unordered_map<std::string, bool, Hash, std::equal_to<>>;
    bool Keeps(Memo& memo, std::string_view parent, std::string_view key, bool always);
    Memo keeps_metadata_;
    Memo keeps_spec_;
  };
  struct Parts;
  struct Member {
    std::string_view key;    // without quotes
    std::string_view value;  // as written
  };
  using Members = std::vector<Member>;

  Plan& PlanFor(std::string_view api_version, std::string_view kind);
  static void Forget(LiveObject& object);
  bool FindParts(std::string_view item, Parts& parts, LiveObject& out);
  bool ReadMetadata(Parts& parts, LiveObject& out);
  void ReadController(std::string_view references, LiveObject& out);
  std::string TextOf(std::string_view value);
  void WriteText(Plan& plan, LiveObject& out);
  void WriteMetadata(Plan& plan, LiveObject& out);
  void WriteAnnotations(std::string_view annotations, LiveObject& out);
  void WriteLabels(std::string_view labels, const Plan& plan, LiveObject& out);
  void WritePodSpec(Plan& plan, LiveObject& out);
  Result<std::string> WithPlainKeys(std::string_view item);

  const rules::RuleSet& rules_;
  Options options_;
  std::unordered_map<std::string, std::unique_ptr<Plan>> plans_;
  std::string plan_key_;
  // Members of the item in work: each byte of it is looked at as seldom as possible.
  Members members_;
  Members metadata_;
  Members spec_;
  io::KeyTable keys_;
  io::Tree tree_;
};

}  // namespace ouro::engine
