#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("addresses") {
  CheckTrue({"isIP('1.2.3.4')", "!isIP('1.2.3.04')", "!isIP('1.2.3')", "!isIP('256.1.1.1')",
             "isIP('2001:db8::1')", "!isIP('::ffff:1.2.3.4')", "!isIP('fe80::1%eth0')",
             "!isIP('1::2::3')", "isIP('::1.2.3.4')",
             "string(ip('2001:DB8:0:0:1:0:0:1')) == '2001:db8::1:0:0:1'",
             "ip('1.2.3.4').family() == 4", "ip('::1').family() == 6",
             "ip('::1') == ip('0:0:0:0:0:0:0:1')", "ip.isCanonical('::1')",
             "!ip.isCanonical('0::1')"});
  CheckWrong({{"ip('1.2.3')", "IP Address \"1.2.3\" parse error"},
              {"ip('fe80::1%eth0')", "zone value is not allowed"},
              {"ip('::ffff:1.2.3.4')", "IPv4-mapped IPv6 address"}});
}

TEST_CASE("kinds of addresses") {
  CheckTrue({"ip('0.0.0.0').isUnspecified()", "ip('::').isUnspecified()",
             "ip('127.1.2.3').isLoopback()", "ip('::1').isLoopback()",
             "ip('224.0.0.1').isLinkLocalMulticast()", "ip('ff02::1').isLinkLocalMulticast()",
             "ip('169.254.1.1').isLinkLocalUnicast()", "ip('fe80::1').isLinkLocalUnicast()",
             "ip('10.0.0.1').isGlobalUnicast()", "!ip('255.255.255.255').isGlobalUnicast()"});
}

TEST_CASE("costs") {
  CheckCost("ip('192.168.0.1').family()", 3);
  CheckCost("ip.isCanonical('192.168.0.1')", 3);
}

}  // namespace ouro::rules::functions
