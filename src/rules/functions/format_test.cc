#include "rules/functions/evaluate_test.h"

namespace ouro::rules::functions {

TEST_CASE("valid texts give none, others the sentences") {
  CheckTrue(
      {"!format.dns1123Label().validate('my-name').hasValue()",
       "format.dns1123Label().validate('a.b').value() == ['must not contain dots']",
       "format.dns1123Label().validate('A').value()[0].startsWith('a lowercase RFC 1123 label')",
       "!format.dns1123LabelPrefix().validate('my-').hasValue()",
       "!format.dns1123Subdomain().validate('a.b-c.d').hasValue()",
       "format.dns1035Label().validate('1a').hasValue()",
       "!format.qualifiedName().validate('example.com/My.Name').hasValue()",
       "format.qualifiedName().validate('/a').value() == ['prefix part must be non-empty']",
       "!format.labelValue().validate('').hasValue()",
       "!format.uri().validate('https://a.b/c').hasValue()",
       "format.uri().validate('a').value() == ['parse \"a\": invalid URI for request']",
       "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()",
       "format.uuid().validate('x').value() == ['does not match the UUID format']",
       "!format.byte().validate('YWJj').hasValue()",
       "format.byte().validate('YW').value() == ['invalid base64']",
       "!format.date().validate('2024-02-29').hasValue()",
       "format.date().validate('2023-02-29').value() == ['invalid date']",
       "!format.datetime().validate('2024-02-29T00:00:00Z').hasValue()",
       "format.datetime().validate('2024-02-29').value() == ['invalid datetime']"});
}

TEST_CASE("formats have names") {
  CheckTrue({"format.named('uuid').value() == format.uuid()", "!format.named('x').hasValue()",
             "format.date() != format.uri()"});
}

}  // namespace ouro::rules::functions
