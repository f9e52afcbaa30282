// Kubernetes' url library (k8s.io/apiserver pkg/cel/library/urls.go).
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "rules/functions/cost.h"
#include "rules/functions/families.h"
#include "rules/functions/url_text.h"

namespace ouro::rules::functions {

namespace {

// What the accessors return, computed once when the text is read.
struct UrlObject : OpaqueObject {
  std::string_view text;
  std::string_view scheme;
  std::string_view host;
  std::string_view hostname;
  std::string_view port;
  std::string_view escaped_path;
  Value query;
};

const UrlObject& UrlOf(const Value& value) {
  return *static_cast<const UrlObject*>(value.opaque);
}

const OpaqueType kUrlType = {
    .name = "kubernetes.URL",
    .equals =
        [](const OpaqueObject& a, const OpaqueObject& b) {
          return static_cast<const UrlObject&>(a).text == static_cast<const UrlObject&>(b).text;
        },
    .to_text =
        [](const OpaqueObject& url) {
          return std::string(static_cast<const UrlObject&>(url).text);
        },
    .tag = "k8s.url",
};

// Name → list of its values, in order of first appearance.
Value QueryMap(Arena& arena, const Url& url) {
  std::vector<std::pair<std::string, std::vector<Value>>> grouped;
  for (const auto& [name, value] : url.Query()) {
    size_t at = 0;
    while (at < grouped.size() && grouped[at].first != name) ++at;
    if (at == grouped.size()) grouped.emplace_back(name, std::vector<Value>());
    grouped[at].second.push_back(arena.NewString(value));
  }
  std::vector<MapEntry> entries;
  for (const auto& [name, values] : grouped) {
    entries.push_back({arena.NewString(name), arena.NewList(values)});
  }
  return arena.NewMap(entries);
}

Value MakeUrl(CallContext& context, std::span<const Value> args) {
  // The strict reading decides whether it is a URL; the lenient one knows about fragments.
  const auto strict = ParseRequestUri(args[0].str());
  auto url = strict ? ParseUrl(args[0].str()) : strict;
  if (!url) {
    return context.arena.NewError(
        fmt::format("URL parse error during conversion from string: {}", url.error().message));
  }
  UrlObject* object = context.arena.New<UrlObject>();
  object->type = &kUrlType;
  object->text = context.arena.Copy(url->ToText());
  object->scheme = context.arena.Copy(url->scheme);
  object->host = context.arena.Copy(url->host);
  object->hostname = context.arena.Copy(url->Hostname());
  object->port = context.arena.Copy(url->Port());
  object->escaped_path = context.arena.Copy(url->EscapedPath());
  object->query = QueryMap(context.arena, *url);
  return Value::Opaque(object);
}

Value IsUrl(CallContext&, std::span<const Value> args) {
  return Value::Bool(ParseRequestUri(args[0].str()).has_value());
}

template <std::string_view UrlObject::* kPart>
Value UrlPart(CallContext&, std::span<const Value> args) {
  return Value::String(UrlOf(args[0]).*kPart);
}

Value Query(CallContext&, std::span<const Value> args) {
  return UrlOf(args[0]).query;
}

constexpr std::string_view kUrl = "kubernetes.URL";

constexpr std::array kOverloads = {
    Overload{"getEscapedPath", "url_get_escaped_path", true, kUrl, "string",
             UrlPart<&UrlObject::escaped_path>},
    Overload{"getHost", "url_get_host", true, kUrl, "string", UrlPart<&UrlObject::host>},
    Overload{"getHostname", "url_get_hostname", true, kUrl, "string",
             UrlPart<&UrlObject::hostname>},
    Overload{"getPort", "url_get_port", true, kUrl, "string", UrlPart<&UrlObject::port>},
    Overload{"getQuery", "url_get_query", true, kUrl, "map(string, list(string))", Query},
    Overload{"getScheme", "url_get_scheme", true, kUrl, "string", UrlPart<&UrlObject::scheme>},
    Overload{"isURL", "is_url_string", false, "string", "bool", IsUrl},
    Overload{"url", "string_to_url", false, "string", kUrl, MakeUrl, FirstStringCost},
};

}  // namespace

const Library kUrlLibrary = {"url", "URLs and their parts", 1, kOverloads};

}  // namespace ouro::rules::functions
