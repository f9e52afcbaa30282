// XML as a tree that is only read. Wraps pugixml (xml.cc is the one file that includes it). No
// entity is expanded but the five of XML and character references; a document type declaration is
// skipped.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pugi {
struct xml_node_struct;
class xml_document;
}  // namespace pugi

namespace ouro::ingest {

// An element. Cheap to copy; valid as long as its document. Names are compared without namespace
// prefix ("cdx:vulnerability" is "vulnerability").
class XmlNode {
 public:
  XmlNode() = default;
  explicit XmlNode(pugi::xml_node_struct* node) : node_(node) {}

  bool exists() const { return node_ != nullptr; }
  explicit operator bool() const { return exists(); }
  std::string_view name() const;           // local name; empty when it does not exist
  std::string_view namespace_uri() const;  // of the nearest xmlns declaration for its prefix
  // Value of an attribute; empty when absent. HasAttribute tells the difference.
  std::string_view Attribute(std::string_view name) const;
  bool HasAttribute(std::string_view name) const;
  // First child element of that name; one that does not exist when there is none.
  XmlNode Child(std::string_view name) const;
  // Child elements of that name, or all when it is empty, in order.
  std::vector<XmlNode> Children(std::string_view name = {}) const;
  // All elements of that name below this one, in document order.
  std::vector<XmlNode> Descendants(std::string_view name) const;
  // Own text and CDATA, trimmed; with `deep` that of all elements below as well.
  std::string Text(bool deep = false) const;
  // Text of a child element: Child(name).Text().
  std::string ChildText(std::string_view name) const { return Child(name).Text(); }

 private:
  pugi::xml_node_struct* node_ = nullptr;
};

class XmlDocument {
 public:
  // kParse with "line:column" for broken bytes, kLimit for nesting deeper than
  // limits::kNestingDepth.
  static Result<XmlDocument> Parse(std::string_view bytes);
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();
  XmlNode root() const;

 private:
  explicit XmlDocument(std::unique_ptr<pugi::xml_document> document);
  std::unique_ptr<pugi::xml_document> document_;
};

}  // namespace ouro::ingest
