// Reads an AdmissionReview. Source of names and meanings: Kubernetes API reference,
// admission.k8s.io/v1 AdmissionReview (AdmissionRequest). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/tree.h"

namespace ouro::serve {

inline constexpr std::string_view kReviewVersion = "admission.k8s.io/v1";

enum class Operation : uint8_t { kCreate, kUpdate, kDelete, kConnect };
std::string_view OperationName(Operation operation);  // "CREATE", …

// One request. All texts are views into the tree, and valid as long as it.
struct Review {
  std::string_view uid;  // never empty
  Operation operation = Operation::kCreate;
  std::string_view group, version, kind;  // of `request.kind`: what the object is
  std::string_view resource;              // plural of `request.resource`
  std::string_view sub_resource;
  std::string_view name;  // empty where the server is still to make one of generateName
  std::string_view name_space;
  std::string_view user;  // userInfo.username
  bool dry_run = false;
  uint32_t object = io::kNoNode;      // kNoNode where it is absent or null
  uint32_t old_object = io::kNoNode;  // likewise
};

// The keys that ReadReview looks up, interned once per key table.
struct ReviewKeys {
  explicit ReviewKeys(io::KeyTable& keys);
  io::KeyId api_version, kind, request, uid, operation, group, version, resource, sub_resource,
      name, name_space, user_info, user_name, dry_run, object, old_object, metadata,
      owner_references, controller, deletion_timestamp, labels, template_hash, generate_name;
};

// What could be read of a request, and what not.
struct ReviewResult {
  Review review;
  // Without a uid no answer can name the request, so the caller can only refuse the HTTP request:
  // kParse (no JSON), kUnsupported (another version of AdmissionReview), kInvalid (no review, no
  // request, no uid), kLimit.
  Status readable;
  // The request has a uid but is not as the API says: an unknown operation, a field of the wrong
  // type, an object that is missing. Empty: it is.
  std::string malformed;
};

// `tree` holds the bytes of the request's body, `read` is what the reader said of them.
ReviewResult ReadReview(const io::Tree& tree, const Status& read, const ReviewKeys& keys);

}  // namespace ouro::serve
