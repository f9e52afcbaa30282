#include "serve/review.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace ouro::serve {
namespace {

using io::kNoNode;
using io::NodeType;

constexpr std::array<std::string_view, 4> kOperationNames = {"CREATE", "UPDATE", "DELETE",
                                                             "CONNECT"};
constexpr std::string_view kGroupPrefix = "admission.k8s.io/";

tl::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, std::move(message), "AdmissionReview");
}

// Reads the fields of one request and remembers the first that is wrong.
class FieldReader {
 public:
  FieldReader(const io::Tree& tree, std::string& malformed) : tree_(tree), malformed_(malformed) {}

  // Absent and null are the same, as in the API server.
  uint32_t Child(uint32_t map, io::KeyId key) const {
    const uint32_t node = tree_.Child(map, key);
    return node == kNoNode || tree_.node(node).type == NodeType::kNull ? kNoNode : node;
  }

  std::string_view Text(uint32_t map, io::KeyId key, std::string_view field) {
    const uint32_t node = Child(map, key);
    if (node == kNoNode) return {};
    if (tree_.node(node).type != NodeType::kString) Wrong(field, "a string");
    return tree_.Text(node);
  }

  uint32_t Map(uint32_t map, io::KeyId key, std::string_view field) {
    const uint32_t node = Child(map, key);
    if (node == kNoNode || tree_.node(node).type == NodeType::kMap) return node;
    Wrong(field, "an object");
    return kNoNode;
  }

  bool Flag(uint32_t map, io::KeyId key, std::string_view field) {
    const uint32_t node = Child(map, key);
    if (node == kNoNode) return false;
    if (tree_.node(node).type != NodeType::kBool) Wrong(field, "true or false");
    return tree_.node(node).type == NodeType::kBool && tree_.node(node).boolean;
  }

  void Say(std::string what) {
    if (malformed_.empty()) malformed_ = std::move(what);
  }

 private:
  void Wrong(std::string_view field, std::string_view wanted) {
    Say(fmt::format("request.{} is not {}", field, wanted));
  }

  const io::Tree& tree_;
  std::string& malformed_;
};

// The map of the review, or why there is none.
Result<uint32_t> FindReview(const io::Tree& tree, const Status& read, const ReviewKeys& keys) {
  if (!read) return Refuse(read.error().code, read.error().message);
  if (tree.roots().empty()) return Refuse(ErrorCode::kParse, "the body is empty");
  if (tree.roots().size() > 1) return Refuse(ErrorCode::kParse, "the body is more than one value");
  const io::Root& root = tree.roots().front();
  if (root.failed || root.node == kNoNode) {
    if (tree.problems().empty()) return Refuse(ErrorCode::kParse, "the body is no JSON");
    const Error& error = tree.problems().front().error;
    return Refuse(error.code, fmt::format("line {}: {}", error.where, error.message));
  }
  if (tree.node(root.node).type != NodeType::kMap) {
    return Refuse(ErrorCode::kInvalid, "the body is no JSON object");
  }
  const uint32_t api = tree.Child(root.node, keys.api_version);
  const std::string_view version = api == kNoNode ? std::string_view() : tree.Text(api);
  const uint32_t kind = tree.Child(root.node, keys.kind);
  if (kind == kNoNode || tree.Text(kind) != "AdmissionReview") {
    return Refuse(ErrorCode::kInvalid, "the body is no AdmissionReview");
  }
  if (version == kReviewVersion) return root.node;
  if (StartsWith(version, kGroupPrefix)) {
    return Refuse(ErrorCode::kUnsupported,
                  fmt::format("{} is not spoken here: set admissionReviewVersions: [v1] in the "
                              "webhook configuration",
                              Printable(version)));
  }
  return Refuse(ErrorCode::kInvalid, fmt::format("apiVersion must be {}, not \"{}\"",
                                                 kReviewVersion, Printable(version.substr(0, 64))));
}

void ReadFields(const ReviewKeys& keys, uint32_t request, Review& review, FieldReader& fields) {
  const std::string_view operation = fields.Text(request, keys.operation, "operation");
  bool known = false;
  for (size_t i = 0; i < kOperationNames.size(); ++i) {
    if (kOperationNames[i] != operation) continue;
    review.operation = static_cast<Operation>(i);
    known = true;
  }
  if (!known) {
    fields.Say(fmt::format("request.operation \"{}\" is unknown", Printable(operation)));
  }
  if (const uint32_t kind = fields.Map(request, keys.kind, "kind"); kind != kNoNode) {
    review.group = fields.Text(kind, keys.group, "kind.group");
    review.version = fields.Text(kind, keys.version, "kind.version");
    review.kind = fields.Text(kind, keys.kind, "kind.kind");
  }
  if (const uint32_t it = fields.Map(request, keys.resource, "resource"); it != kNoNode) {
    review.resource = fields.Text(it, keys.resource, "resource.resource");
  }
  if (const uint32_t user = fields.Map(request, keys.user_info, "userInfo"); user != kNoNode) {
    review.user = fields.Text(user, keys.user_name, "userInfo.username");
  }
  review.sub_resource = fields.Text(request, keys.sub_resource, "subResource");
  review.name = fields.Text(request, keys.name, "name");
  review.name_space = fields.Text(request, keys.name_space, "namespace");
  review.dry_run = fields.Flag(request, keys.dry_run, "dryRun");
  review.object = fields.Map(request, keys.object, "object");
  review.old_object = fields.Map(request, keys.old_object, "oldObject");
  const bool wants_object =
      review.operation == Operation::kCreate || review.operation == Operation::kUpdate;
  if (known && wants_object && review.object == kNoNode) {
    fields.Say(fmt::format("request.object is missing in a request of operation {}", operation));
  }
  if (review.object == kNoNode) return;
  // What the request says of the object must be what the object says of itself, or the checks would
  // judge something else than what is stored.
  const std::string_view kind = fields.Text(review.object, keys.kind, "object.kind");
  const std::string_view api = fields.Text(review.object, keys.api_version, "object.apiVersion");
  if (kind.empty() || api.empty()) {
    return fields.Say("request.object has no apiVersion or no kind");
  }
  const std::string wanted = review.group.empty()
                                 ? std::string(review.version)
                                 : fmt::format("{}/{}", review.group, review.version);
  if (review.kind.empty()) return fields.Say("request.kind is missing");
  if (kind != review.kind || api != wanted) {
    fields.Say("request.kind and the kind of request.object differ");
  }
}

}  // namespace

std::string_view OperationName(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)];
}

ReviewKeys::ReviewKeys(io::KeyTable& keys)
    : api_version(keys.Intern("apiVersion")),
      kind(keys.Intern("kind")),
      request(keys.Intern("request")),
      uid(keys.Intern("uid")),
      operation(keys.Intern("operation")),
      group(keys.Intern("group")),
      version(keys.Intern("version")),
      resource(keys.Intern("resource")),
      sub_resource(keys.Intern("subResource")),
      name(keys.Intern("name")),
      name_space(keys.Intern("namespace")),
      user_info(keys.Intern("userInfo")),
      user_name(keys.Intern("username")),
      dry_run(keys.Intern("dryRun")),
      object(keys.Intern("object")),
      old_object(keys.Intern("oldObject")),
      metadata(keys.Intern("metadata")),
      owner_references(keys.Intern("ownerReferences")),
      controller(keys.Intern("controller")),
      deletion_timestamp(keys.Intern("deletionTimestamp")),
      labels(keys.Intern("labels")),
      template_hash(keys.Intern("pod-template-hash")),
      generate_name(keys.Intern("generateName")) {}

ReviewResult ReadReview(const io::Tree& tree, const Status& read, const ReviewKeys& keys) {
  ReviewResult result;
  const Result<uint32_t> root = FindReview(tree, read, keys);
  if (!root) {
    result.readable = tl::unexpected<Error>(root.error());
    return result;
  }
  FieldReader fields(tree, result.malformed);
  const uint32_t request = fields.Map(*root, keys.request, "request");
  if (request == kNoNode) {
    result.readable = Refuse(ErrorCode::kInvalid, "request is missing");
    return result;
  }
  result.review.uid = fields.Text(request, keys.uid, "uid");
  if (result.review.uid.empty()) {
    result.readable = Refuse(ErrorCode::kInvalid, "request.uid is missing");
    return result;
  }
  ReadFields(keys, request, result.review, fields);
  return result;
}

}  // namespace ouro::serve
