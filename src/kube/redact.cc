// Redaction writes the object anew from its tree: members that a rule names are left out or get the
// marker, everything else is copied from the source by its span.

#include "kube/redact.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/tree.h"

namespace ouro::kube {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr size_t kPlainAnnotationBytes = 256;  // longer ones of a Secret may be a copy of it

// Words that make a name one of a credential, alone …
constexpr std::array<std::string_view, 12> kCredentialWords = {
    "password", "passwords", "passwd",  "pass",       "pwd",         "passphrase",
    "passcode", "secret",    "secrets", "credential", "credentials", "token"};
// … or before "key" …
constexpr std::array<std::string_view, 9> kKeyKinds = {
    "api", "access", "private", "secret", "auth", "encryption", "signing", "master", "account"};
// … unless the last word says that it is about the credential, not the credential itself.
constexpr std::array<std::string_view, 27> kAboutWords = {
    "file",    "path",   "name",     "ref",       "reference",  "url",     "uri",
    "dir",     "ttl",    "timeout",  "expiry",    "expiration", "seconds", "type",
    "enabled", "policy", "host",     "endpoint",  "issuer",     "length",  "version",
    "count",   "size",   "audience", "namespace", "algorithm",  "provider"};

template <size_t kCount>
bool Holds(const std::array<std::string_view, kCount>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsWordCharacter(char c) {
  return IsUpper(c) || IsLower(c) || (c >= '0' && c <= '9');
}

// "DB_PASSWORD", "dbPassword", "db-password", "HTTPToken" → lower-case words.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool camel = IsUpper(c) && i > 0 &&
                       (IsLower(name[i - 1]) ||
                        (IsUpper(name[i - 1]) && i + 1 < name.size() && IsLower(name[i + 1])));
    if ((!IsWordCharacter(c) || camel) && !word.empty()) {
      words.push_back(LowerAscii(word));
      word.clear();
    }
    if (IsWordCharacter(c)) word.push_back(c);
  }
  if (!word.empty()) words.push_back(LowerAscii(word));
  return words;
}

class Redactor {
 public:
  Redactor(const io::Tree& tree, io::KeyTable& keys)
      : tree_(tree),
        keys_(keys),
        api_version_(keys.Intern("apiVersion")),
        kind_(keys.Intern("kind")),
        metadata_(keys.Intern("metadata")),
        managed_fields_(keys.Intern("managedFields")),
        annotations_(keys.Intern("annotations")),
        last_applied_(keys.Intern(kLastApplied)),
        data_(keys.Intern("data")),
        string_data_(keys.Intern("stringData")),
        items_(keys.Intern("items")),
        env_(keys.Intern("env")),
        name_(keys.Intern("name")),
        value_(keys.Intern("value")) {
    out_.reserve(tree.source().size() + 64);
  }

  // `api_version`, `kind`: of an object that has none; empty where nothing is known.
  void Object(uint32_t node, std::string_view api_version, std::string_view kind) {
    const uint32_t own_version = tree_.Child(node, api_version_);
    const uint32_t own_kind = tree_.Child(node, kind_);
    const bool typed = own_kind != io::kNoNode;
    if (typed) kind = tree_.Text(own_kind);
    if (own_version != io::kNoNode) api_version = tree_.Text(own_version);
    const uint32_t items = tree_.Child(node, items_);
    const bool list = kind.ends_with("List") && items != io::kNoNode &&
                      tree_.node(items).type == io::NodeType::kList;
    const bool custom = IsCustom(api_version);
    out_ += '{';
    if (own_version == io::kNoNode) AddType("apiVersion", api_version);
    if (!typed) AddType("kind", kind);
    ForEachMember(node, [&](uint32_t child) {
      const io::KeyId key = tree_.node(child).key;
      if (list && key == items_) return Items(child, api_version, kind);
      if (key == metadata_) return Metadata(child, kind == "Secret");
      const bool secret = kind == "Secret" && (key == data_ || key == string_data_);
      if (secret) return AllMarked(child);
      Member(child, custom);
    });
    out_ += '}';
  }

  std::string Take() { return std::move(out_); }

 private:
  // Groups of Kubernetes itself have no dot or end in .k8s.io.
  static bool IsCustom(std::string_view api_version) {
    const size_t slash = api_version.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view group = api_version.substr(0, slash);
    return group.find('.') != std::string_view::npos && !group.ends_with(".k8s.io");
  }

  void AddType(std::string_view key, std::string_view text) {
    if (text.empty()) return;
    Separate();
    AppendJsonString(out_, key);
    out_ += ':';
    AppendJsonString(out_, text);
  }

  void Separate() {
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
  }
  void Copy(uint32_t start, uint32_t end) { out_ += tree_.source().substr(start, end - start); }
  void Key(uint32_t child) {
    Separate();
    Copy(tree_.node(child).key_start, tree_.node(child).key_end);
    out_ += ':';
  }
  void Mark() { AppendJsonString(out_, kRedacted); }

  template <typename Visit>
  void ForEachMember(uint32_t map, const Visit& visit) {
    for (uint32_t i = map + 1; i < tree_.node(map).next; i = tree_.node(i).next) {
      if ((tree_.node(i).flags & io::kNodeOverridden) == 0) visit(i);
    }
  }

  bool IsText(uint32_t node) const { return tree_.node(node).type == io::NodeType::kString; }
  bool IsMap(uint32_t node) const { return tree_.node(node).type == io::NodeType::kMap; }
  bool IsList(uint32_t node) const { return tree_.node(node).type == io::NodeType::kList; }
  std::string_view KeyText(uint32_t child) const { return keys_.Text(tree_.node(child).key); }

  void Items(uint32_t child, std::string_view list_version, std::string_view list_kind) {
    Key(child);
    std::string_view version;
    std::string_view kind;
    if (list_kind != "List") {  // "PodList" holds Pods of its own version
      version = list_version;
      kind = list_kind.substr(0, list_kind.size() - 4);
    }
    out_ += '[';
    for (uint32_t i = child + 1; i < tree_.node(child).next; i = tree_.node(i).next) {
      Separate();
      if (IsMap(i)) {
        Object(i, version, kind);
      } else {
        Value(i, false);
      }
    }
    out_ += ']';
  }

  void Metadata(uint32_t child, bool of_secret) {
    Key(child);
    if (!IsMap(child)) return Value(child, false);
    out_ += '{';
    ForEachMember(child, [&](uint32_t one) {
      const io::KeyId key = tree_.node(one).key;
      if (key == managed_fields_) return;
      if (key == annotations_ && IsMap(one)) return Annotations(one, of_secret);
      Member(one, false);
    });
    out_ += '}';
  }

  void Annotations(uint32_t child, bool of_secret) {
    Key(child);
    out_ += '{';
    ForEachMember(child, [&](uint32_t one) {
      if (tree_.node(one).key == last_applied_) return;  // a second copy of the whole object
      Key(one);
      const bool hides =
          of_secret && IsText(one) &&
          (IsCredentialName(KeyText(one)) || tree_.Text(one).size() > kPlainAnnotationBytes);
      if (hides) return Mark();
      Value(one, false);
    });
    out_ += '}';
  }

  // A Secret's data: keys stay, every value goes, whatever its type.
  void AllMarked(uint32_t child) {
    Key(child);
    if (!IsMap(child)) {
      if (tree_.node(child).type == io::NodeType::kNull) return Value(child, false);
      return Mark();
    }
    out_ += '{';
    ForEachMember(child, [&](uint32_t one) {
      Key(one);
      Mark();
    });
    out_ += '}';
  }

  void Member(uint32_t child, bool custom) {
    Key(child);
    if (tree_.node(child).key == env_) return Environment(child, custom);
    if (custom && IsText(child) && !tree_.Text(child).empty() && IsCredentialName(KeyText(child))) {
      return Mark();
    }
    Value(child, custom);
  }

  // [{"name": …, "value": …}], or {name: value} in some custom resources.
  void Environment(uint32_t node, bool custom) {
    if (IsMap(node)) {
      out_ += '{';
      ForEachMember(node, [&](uint32_t one) { Variable(one, KeyText(one), custom); });
      out_ += '}';
      return;
    }
    if (!IsList(node)) return Value(node, custom);
    out_ += '[';
    for (uint32_t i = node + 1; i < tree_.node(node).next; i = tree_.node(i).next) {
      Separate();
      if (!IsMap(i)) {
        Value(i, custom);
        continue;
      }
      const uint32_t name = tree_.Child(i, name_);
      const std::string_view name_text = name == io::kNoNode ? "" : tree_.Text(name);
      out_ += '{';
      ForEachMember(i, [&](uint32_t one) {
        if (tree_.node(one).key == value_) return Variable(one, name_text, custom);
        Member(one, custom);
      });
      out_ += '}';
    }
    out_ += ']';
  }

  void Variable(uint32_t child, std::string_view name, bool custom) {
    Key(child);
    if (IsText(child) && !tree_.Text(child).empty() && IsCredentialName(name)) return Mark();
    Value(child, custom);
  }

  void Value(uint32_t node, bool custom) {
    if (IsMap(node)) {
      out_ += '{';
      ForEachMember(node, [&](uint32_t one) { Member(one, custom); });
      out_ += '}';
      return;
    }
    if (IsList(node)) {
      out_ += '[';
      for (uint32_t i = node + 1; i < tree_.node(node).next; i = tree_.node(i).next) {
        Separate();
        Value(i, custom);
      }
      out_ += ']';
      return;
    }
    Copy(tree_.node(node).start, tree_.node(node).end);
  }

  const io::Tree& tree_;
  const io::KeyTable& keys_;
  const io::KeyId api_version_, kind_, metadata_, managed_fields_, annotations_, last_applied_;
  const io::KeyId data_, string_data_, items_, env_, name_, value_;
  std::string out_;
};

}  // namespace

bool IsCredentialName(std::string_view name) {
  const std::vector<std::string> words = WordsOf(name);
  if (words.empty() || Holds(kAboutWords, words.back())) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (Holds(kCredentialWords, words[i])) return true;
    if (words[i] == "key" && i > 0 && Holds(kKeyKinds, words[i - 1])) return true;
    // Written without any separator: "dbpassword", "PGPASSWORD", "accesstoken".
    if (words[i].ends_with("password") || words[i].ends_with("token") ||
        words[i].ends_with("apikey") || words[i].ends_with("secret")) {
      return true;
    }
  }
  return false;
}

Result<std::string> Redact(std::string_view object, const RedactOptions& options) {
  io::KeyTable keys;
  io::Tree tree;
  OURO_TRY_STATUS(io::ReadJson(std::string(object), {}, keys, tree));
  for (const io::ReadProblem& problem : tree.problems()) {
    if (!problem.warning) {
      return Fail(ErrorCode::kParse, "the object is broken JSON", problem.error.where);
    }
  }
  const bool one_object = tree.roots().size() == 1 && tree.roots()[0].node != io::kNoNode &&
                          tree.node(tree.roots()[0].node).type == io::NodeType::kMap;
  if (!one_object) return Fail(ErrorCode::kParse, "this is not one JSON object");
  Redactor redactor(tree, keys);
  redactor.Object(tree.roots()[0].node, options.api_version, options.kind);
  return redactor.Take();
}

}  // namespace ouro::kube
