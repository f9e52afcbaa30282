// URLs as Go's net/url reads them, which is what Kubernetes' url library and the OpenAPI format
// `uri` are defined by.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ouro::rules::functions {

struct Url {
  std::string scheme;  // lower case
  std::string opaque;  // what follows the scheme when it does not begin with '/'
  bool has_user = false;
  bool has_password = false;
  std::string user;       // decoded
  std::string password;   // decoded
  std::string host;       // host or host:port; decoded
  std::string path;       // decoded
  std::string raw_path;   // as written, where that is not the default encoding of `path`
  std::string raw_query;  // without '?'
  std::string fragment;   // decoded, without '#'
  std::string raw_fragment;
  bool force_query = false;  // ends in '?' with nothing behind
  bool omit_host = false;    // "file:/path"

  std::string Hostname() const;  // without brackets and port
  std::string Port() const;      // empty when there is none
  std::string EscapedPath() const;
  std::string ToText() const;
  // Names and values in order, decoded; malformed pairs are left out.
  std::vector<std::pair<std::string, std::string>> Query() const;
};

// An absolute URI or absolute path without fragment (url.ParseRequestURI). The error's message is
// exactly Go's.
Result<Url> ParseRequestUri(std::string_view text);
// A URI reference, with fragment (url.Parse).
Result<Url> ParseUrl(std::string_view text);

}  // namespace ouro::rules::functions
