// The bytes of a report, read as what they are: JSON, XML or text. Each form is parsed at most
// once, when it is first asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ingest/xml.h"
#include "io/tree.h"

namespace ouro::ingest {

// Not thread-safe. Views and nodes live as long as the input.
class ReportInput {
 public:
  // `name` is the path or URL for messages; its extension never decides the format. A byte order
  // mark is dropped; UTF-16 becomes UTF-8.
  ReportInput(std::string name, std::string bytes);
  ~ReportInput();
  ReportInput(const ReportInput&) = delete;
  ReportInput& operator=(const ReportInput&) = delete;

  const std::string& name() const { return name_; }
  std::string_view bytes() const;

  // Does the content begin as JSON ('{' or '[') or as XML ('<')?
  bool LooksLikeJson() const;
  bool LooksLikeXml() const;

  // The JSON values one after the other: one for a document, many for JSON lines. Empty when the
  // bytes are no JSON; json_error() then says why, with line and column in `where`.
  const std::vector<io::NodeView>& values() const;
  // The first value; a view that does not exist when there is none.
  io::NodeView json() const;
  const Error* json_error() const;

  // The root element; one that does not exist when the bytes are no XML; xml_error() says why.
  XmlNode xml() const;
  const Error* xml_error() const;

  // Lines without line ends. The first `limit` bytes only, for detection; 0: all.
  std::vector<std::string_view> Lines(size_t limit = 0) const;

 private:
  struct Parsed;
  std::string name_;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace ouro::ingest
