#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("parts of URLs") {
  CheckTrue({"url('https://u:p@example.com:80/a b?k=1&k=2#f').getHost() == 'example.com:80'",
             "url('https://example.com:80/').getHostname() == 'example.com'",
             "url('https://[::1]:80/').getHostname() == '::1'",
             "url('https://example.com:80/').getPort() == '80'",
             "url('HTTPS://example.com').getScheme() == 'https'",
             "url('https://example.com/a%20b/%2F').getEscapedPath() == '/a%20b/%2F'",
             "url('/p?k=1&k=2&x=a+b').getQuery() == {'k': ['1', '2'], 'x': ['a b']}",
             "url('/p').getQuery() == {}", "url('/a') == url('/a')"});
}

TEST_CASE("what is a URL") {
  CheckTrue({"isURL('https://a.b')", "isURL('/a')", "!isURL('a/b')", "!isURL('')",
             "!isURL('http://a b/')", "!isURL('http://[1.2.3.4]/')", "!isURL('http://a:b/')",
             "!isURL('/%zz')", "isURL('mailto:a@b')", "!isURL(':a')"});
  CheckWrong({{"url('a b').getHost()", "URL parse error during conversion from string"}});
}

}  // namespace ouro::rules::functions
