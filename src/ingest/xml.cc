#include "ingest/xml.h"

#include <pugixml.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"

namespace ouro::ingest {
namespace {

std::string_view LocalName(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool IsElement(const pugi::xml_node& node) {
  return node.type() == pugi::node_element;
}

void AppendText(const pugi::xml_node& node, bool deep, std::string& out) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      out += child.value();
    } else if (deep && IsElement(child)) {
      AppendText(child, deep, out);
    }
  }
}

// Depth of the deepest element, counted without recursion.
bool IsTooDeep(const pugi::xml_node& root) {
  int depth = 1;
  pugi::xml_node node = root;
  while (node) {
    if (depth > limits::kNestingDepth) return true;
    if (node.first_child()) {
      node = node.first_child();
      ++depth;
      continue;
    }
    while (node && node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (!node || node == root) return false;
    node = node.next_sibling();
  }
  return false;
}

std::string PlaceOfOffset(std::string_view bytes, size_t offset) {
  const std::string_view before = bytes.substr(0, std::min(offset, bytes.size()));
  int64_t line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] != '\n') continue;
    ++line;
    line_start = i + 1;
  }
  return fmt::format("{}:{}", line, before.size() - line_start + 1);
}

}  // namespace

std::string_view XmlNode::name() const {
  return exists() ? LocalName(pugi::xml_node(node_).name()) : std::string_view();
}

std::string_view XmlNode::namespace_uri() const {
  if (!exists()) return {};
  const std::string_view full = pugi::xml_node(node_).name();
  const size_t colon = full.find(':');
  const std::string wanted =
      colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(full.substr(0, colon));
  for (pugi::xml_node node(node_); node; node = node.parent()) {
    if (const pugi::xml_attribute found = node.attribute(wanted.c_str())) return found.value();
  }
  return {};
}

std::string_view XmlNode::Attribute(std::string_view name) const {
  if (!exists()) return {};
  for (const pugi::xml_attribute& attribute : pugi::xml_node(node_).attributes()) {
    if (attribute.name() == name || LocalName(attribute.name()) == name) return attribute.value();
  }
  return {};
}

bool XmlNode::HasAttribute(std::string_view name) const {
  if (!exists()) return false;
  for (const pugi::xml_attribute& attribute : pugi::xml_node(node_).attributes()) {
    if (attribute.name() == name || LocalName(attribute.name()) == name) return true;
  }
  return false;
}

XmlNode XmlNode::Child(std::string_view name) const {
  if (!exists()) return {};
  for (const pugi::xml_node& child : pugi::xml_node(node_).children()) {
    if (IsElement(child) && LocalName(child.name()) == name) {
      return XmlNode(child.internal_object());
    }
  }
  return {};
}

std::vector<XmlNode> XmlNode::Children(std::string_view name) const {
  std::vector<XmlNode> found;
  if (!exists()) return found;
  for (const pugi::xml_node& child : pugi::xml_node(node_).children()) {
    if (IsElement(child) && (name.empty() || LocalName(child.name()) == name)) {
      found.emplace_back(child.internal_object());
    }
  }
  return found;
}

std::vector<XmlNode> XmlNode::Descendants(std::string_view name) const {
  std::vector<XmlNode> found;
  if (!exists()) return found;
  const pugi::xml_node root(node_);
  pugi::xml_node node = root.first_child();
  while (node) {
    if (IsElement(node) && LocalName(node.name()) == name) {
      found.emplace_back(node.internal_object());
    }
    if (node.first_child()) {
      node = node.first_child();
      continue;
    }
    while (node != root && !node.next_sibling()) node = node.parent();
    if (node == root) break;
    node = node.next_sibling();
  }
  return found;
}

std::string XmlNode::Text(bool deep) const {
  if (!exists()) return {};
  std::string text;
  AppendText(pugi::xml_node(node_), deep, text);
  return std::string(TrimSpace(text));
}

Result<XmlDocument> XmlDocument::Parse(std::string_view bytes) {
  auto document = std::make_unique<pugi::xml_document>();
  const unsigned flags = pugi::parse_default | pugi::parse_ws_pcdata_single;
  const pugi::xml_parse_result parsed =
      document->load_buffer(bytes.data(), bytes.size(), flags, pugi::encoding_auto);
  if (!parsed) {
    return Fail(ErrorCode::kParse, fmt::format("broken XML: {}", parsed.description()),
                PlaceOfOffset(bytes, static_cast<size_t>(parsed.offset)));
  }
  if (IsTooDeep(document->document_element())) {
    return Fail(ErrorCode::kLimit,
                fmt::format("XML nested deeper than {} levels", limits::kNestingDepth));
  }
  return XmlDocument(std::move(document));
}

XmlDocument::XmlDocument(std::unique_ptr<pugi::xml_document> document)
    : document_(std::move(document)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

XmlNode XmlDocument::root() const {
  return XmlNode(document_->document_element().internal_object());
}

}  // namespace ouro::ingest
