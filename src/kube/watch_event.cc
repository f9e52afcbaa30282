#include "kube/watch_event.h"

#include "kube/api_status.h"
#include "kube/json_cursor.h"

namespace ouro::kube {
namespace {

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

void ReadMetadata(std::string_view metadata, WatchEvent& event) {
  JsonCursor cursor(metadata);
  while (cursor.Next()) {
    if (cursor.key() == "name") event.name = JsonPlainText(cursor.value());
    if (cursor.key() == "namespace") event.name_space = JsonPlainText(cursor.value());
    if (cursor.key() == "uid") event.uid = JsonPlainText(cursor.value());
    if (cursor.key() == "resourceVersion") event.resource_version = JsonPlainText(cursor.value());
    if (cursor.key() == "annotations" && event.type == WatchEventType::kBookmark) {
      const auto mark = JsonMember(cursor.value(), kInitialEventsEnd);
      event.initial_events_end = mark && JsonPlainText(*mark) == "true";
    }
  }
}

bool ReadType(std::string_view text, ParsedWatchLine& line) {
  if (text == "ADDED") {
    line.event.type = WatchEventType::kAdded;
  } else if (text == "MODIFIED") {
    line.event.type = WatchEventType::kModified;
  } else if (text == "DELETED") {
    line.event.type = WatchEventType::kDeleted;
  } else if (text == "BOOKMARK") {
    line.event.type = WatchEventType::kBookmark;
  } else if (text == "ERROR") {
    line.is_error = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<ParsedWatchLine> ParseWatchLine(std::string_view line) {
  ParsedWatchLine parsed;
  bool typed = false;
  JsonCursor cursor(line);
  while (cursor.Next()) {
    if (cursor.key() == "type") typed = ReadType(JsonPlainText(cursor.value()), parsed);
    if (cursor.key() == "object") parsed.event.object = cursor.value();
  }
  if (!cursor.ok() || !typed || !parsed.event.object.starts_with('{')) {
    return Fail(ErrorCode::kParse, "the server sent a line that is no watch event");
  }
  if (parsed.is_error) {
    parsed.status = ReadApiStatus(parsed.event.object);
    return parsed;
  }
  if (const auto metadata = JsonMember(parsed.event.object, "metadata")) {
    ReadMetadata(*metadata, parsed.event);
  }
  return parsed;
}

}  // namespace ouro::kube
