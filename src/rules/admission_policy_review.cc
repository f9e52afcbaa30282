// AdmissionReview.request → AdmissionRequest.

#include <fmt/format.h>

#include "rules/admission_policy.h"

namespace ouro::rules {

namespace {

Status ReadText(const io::NodeView& review, std::string_view key, std::string& text) {
  const io::NodeView view = review.Get(key);
  if (!view.exists() || view.type() == io::NodeType::kNull) return {};
  if (!view.IsString()) {
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" of the request must be a string", key));
  }
  text = view.Text();
  return {};
}

// A part of the request that is an object, or absent.
Result<io::NodeView> ReadPart(const io::NodeView& review, std::string_view key) {
  const io::NodeView view = review.Get(key);
  if (!view.exists() || view.type() == io::NodeType::kNull) return io::NodeView();
  if (!view.IsMap()) {
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" of the request must be an object", key));
  }
  return view;
}

}  // namespace

Status ReadAdmissionRequest(const io::NodeView& review, AdmissionRequest& request) {
  if (!review.IsMap()) return Fail(ErrorCode::kInvalid, "the request must be an object");
  OURO_TRY(const io::NodeView kind, ReadPart(review, "kind"));
  if (kind.exists()) {
    OURO_TRY_STATUS(ReadText(kind, "group", request.group));
    OURO_TRY_STATUS(ReadText(kind, "version", request.version));
    OURO_TRY_STATUS(ReadText(kind, "kind", request.kind));
  }
  OURO_TRY(const io::NodeView resource, ReadPart(review, "resource"));
  if (resource.exists()) {
    OURO_TRY_STATUS(ReadText(resource, "group", request.resource_group));
    OURO_TRY_STATUS(ReadText(resource, "version", request.resource_version));
    OURO_TRY_STATUS(ReadText(resource, "resource", request.resource));
  }
  OURO_TRY_STATUS(ReadText(review, "subResource", request.subresource));
  OURO_TRY_STATUS(ReadText(review, "operation", request.operation));
  for (const auto& [key, text] :
       {std::pair{"name", &request.name}, std::pair{"namespace", &request.name_space}}) {
    std::string value;
    OURO_TRY_STATUS(ReadText(review, key, value));
    if (!value.empty()) *text = std::move(value);
  }
  OURO_TRY(const io::NodeView user, ReadPart(review, "userInfo"));
  if (user.exists()) request.user_info = user;
  OURO_TRY(const io::NodeView options, ReadPart(review, "options"));
  if (options.exists()) request.options = options;
  OURO_TRY(const io::NodeView object, ReadPart(review, "object"));
  if (object.exists()) request.object = object;
  OURO_TRY(const io::NodeView old_object, ReadPart(review, "oldObject"));
  if (old_object.exists()) request.old_object = old_object;
  const io::NodeView dry_run = review.Get("dryRun");
  if (dry_run.type() == io::NodeType::kBool) {
    request.dry_run = dry_run.tree().node(dry_run.index()).boolean;
  }
  return {};
}

}  // namespace ouro::rules
