#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("blocks") {
  CheckTrue({"isCIDR('10.0.0.0/8')", "!isCIDR('10.0.0.0')", "!isCIDR('10.0.0.0/33')",
             "!isCIDR('10.0.0.0/08')", "cidr('10.0.0.0/8').containsIP('10.1.2.3')",
             "!cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
             "!cidr('10.0.0.0/8').containsIP('::1')",
             "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
             "!cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
             "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
             "cidr('10.1.2.3/8').ip() == ip('10.1.2.3')", "cidr('::/0').prefixLength() == 0",
             "string(cidr('10.0.0.0/8')) == '10.0.0.0/8'",
             "cidr('2001:db8::/33').masked() == cidr('2001:db8::/33')"});
  CheckWrong({{"cidr('10.0.0.0')", "network address parse error"}});
}

TEST_CASE("costs") {
  CheckCost("cidr('10.0.0.0/8').containsIP('10.1.2.3')", 3);
  CheckCost("cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16'))", 6);
}

}  // namespace ouro::rules::functions
