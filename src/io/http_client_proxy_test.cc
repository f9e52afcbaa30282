#include "io/http_client_proxy.h"

#include <doctest.h>

#include <map>
#include <string>

namespace ouro::io {
namespace {

std::string ProxyOf(const std::string& url, const std::map<std::string, std::string>& environment) {
  return ProxyFromEnvironment(ParseHttpUrl(url).value(),
                              [&](const char* name) -> std::optional<std::string> {
                                const auto found = environment.find(name);
                                if (found == environment.end()) return std::nullopt;
                                return found->second;
                              });
}

TEST_CASE("ParseHttpUrl: parts") {
  const HttpUrl url = ParseHttpUrl("HTTPS://Example.COM/a/b?c=d#e").value();
  CHECK(url.scheme == "https");
  CHECK(url.host == "example.com");
  CHECK(url.port == 443);
  CHECK(url.target == "/a/b?c=d");
  const HttpUrl six = ParseHttpUrl("http://[2001:DB8::1]:8080?x").value();
  CHECK(six.host == "2001:db8::1");
  CHECK(six.BracketedHost() == "[2001:db8::1]");
  CHECK(six.port == 8080);
  CHECK(six.target == "/?x");
  CHECK(ParseHttpUrl("http://host:/").value().port == 80);
}

TEST_CASE("ParseHttpUrl: refused") {
  for (const char* url : {"ftp://h", "h:80", "https://", "https://u:p@h", "https://h:0",
                          "https://h:65536", "https://h:x", "https://[::1", "https://[zz]",
                          "https://h/a b", "https://h\n", "https://[::1]x", "http://h\\@e"}) {
    CAPTURE(url);
    CHECK_FALSE(ParseHttpUrl(url));
  }
}

TEST_CASE("IsLoopback") {
  for (const char* host :
       {"localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    CHECK(IsLoopback(host));
  }
  for (const char* host :
       {"example.com", "10.0.0.1", "::2", "localhost.example.com", "128.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(IsLoopback(host));
  }
}

TEST_CASE("ProxyFromEnvironment: which variable") {
  CHECK(ProxyOf("https://h", {}).empty());
  CHECK(ProxyOf("https://h", {{"HTTPS_PROXY", "http://p:1"}}) == "http://p:1");
  CHECK(ProxyOf("https://h", {{"https_proxy", "http://p:1"}}) == "http://p:1");
  CHECK(ProxyOf("https://h", {{"HTTPS_PROXY", "http://a"}, {"https_proxy", "http://b"}}) ==
        "http://a");
  CHECK(ProxyOf("https://h", {{"HTTP_PROXY", "http://p"}}).empty());
  CHECK(ProxyOf("https://h", {{"ALL_PROXY", "http://p"}}).empty());
  CHECK(ProxyOf("http://h", {{"HTTP_PROXY", "p:3128"}}) == "http://p:3128");
  CHECK(ProxyOf("http://h", {{"HTTP_PROXY", "p"}, {"REQUEST_METHOD", "GET"}}).empty());
  CHECK(ProxyOf("https://h", {{"HTTPS_PROXY", "socks5://p"}}) == "socks5://p");
}

TEST_CASE("ProxyFromEnvironment: NO_PROXY") {
  struct Row {
    const char* url;
    const char* list;
    bool direct;
  };
  const Row rows[] = {
      {"https://example.com", "example.com", true},
      {"https://a.example.com", "example.com", true},
      {"https://notexample.com", "example.com", false},
      {"https://example.com", ".example.com", false},
      {"https://a.example.com", ".example.com", true},
      {"https://a.example.com", "*.example.com", true},
      {"https://example.com", "*.example.com", false},
      {"https://EXAMPLE.com", " Example.com , x", true},
      {"https://example.com:6443", "example.com:6443", true},
      {"https://example.com", "example.com:6443", false},
      {"https://10.1.2.3", "10.0.0.0/8", true},
      {"https://11.1.2.3", "10.0.0.0/8", false},
      {"https://10.1.2.3", "10.1.2.3", true},
      {"https://10.1.2.3:6443", "10.1.2.3:6443", true},
      {"https://10.1.2.3:6443", "10.1.2.3:1", false},
      {"https://10.1.2.3", "3", false},
      {"https://[2001:db8::5]", "2001:db8::/32", true},
      {"https://[2001:db9::5]", "2001:db8::/32", false},
      {"https://[2001:db8::5]:6443", "[2001:db8::5]:6443", true},
      {"https://anything", "*", true},
      {"https://anything", "", false},
      {"https://anything", ",,", false},
      {"https://localhost:6443", "", true},
      {"https://127.0.0.1:6443", "", true},
      {"https://[::1]:6443", "", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    CAPTURE(row.list);
    const bool direct =
        ProxyOf(row.url, {{"HTTPS_PROXY", "http://p"}, {"NO_PROXY", row.list}}).empty();
    CHECK(direct == row.direct);
  }
}

}  // namespace
}  // namespace ouro::io
