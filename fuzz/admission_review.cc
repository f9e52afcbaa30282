// Any bytes as the body of a review get an answer that is JSON: an AdmissionReview with the
// request's uid, or a Status. The same bytes get the same answer, and the service's state does not
// grow wrong.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine.h"
#include "engine/snapshot.h"
#include "io/tree.h"
#include "serve/admission.h"

using namespace ouro;

namespace {

serve::Admission MakeAdmission() {
  engine::SnapshotOptions options;
  options.config.profile = "all";
  options.config.policy.incomplete = gate::OnIncomplete::kBlock;
  options.selection = engine::SelectionOf(options.config);
  auto snapshot = engine::Snapshot::Create(std::move(options));
  if (!snapshot) __builtin_trap();
  auto rules = std::make_shared<serve::AdmissionRules>();
  rules->snapshot = std::move(*snapshot);
  rules->excluded_namespaces = {"kube-system"};
  return serve::Admission(std::move(rules), 1'800'000'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  static serve::Admission admission = MakeAdmission();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  serve::Answer answer;
  std::string body = bytes;
  admission.Run(body, false, answer);
  io::KeyTable keys;
  io::Tree tree;
  if (!io::ReadJson(answer.body, {}, keys, tree) || tree.roots().size() != 1) __builtin_trap();
  if (tree.roots().front().failed) __builtin_trap();
  const io::NodeView root(tree, keys, tree.roots().front().node);
  if (answer.http_status != 200) {
    if (root.Get("kind").Text() != "Status" || answer.allowed) __builtin_trap();
  } else {
    const io::NodeView response = root.Get("response");
    if (root.Get("kind").Text() != "AdmissionReview" || !response.Get("uid").exists()) {
      __builtin_trap();
    }
    if (response.Get("status").exists() == answer.allowed) __builtin_trap();
  }
  serve::Answer again;
  body = bytes;
  admission.Run(body, false, again);
  if (again.body != answer.body) __builtin_trap();
  return 0;
}
