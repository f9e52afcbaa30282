// How a receiver knows that a webhook is ours (docs/formats/notify.md).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace ouro::notify {

// HMAC-SHA-256 of RFC 2104 and FIPS 198-1 as 64 lower-case hexadecimal digits. Any key length.
std::string HmacSha256(std::string_view key, std::string_view message);

// "t=1790000000,v1=<HMAC of "1790000000." + body>". The time is signed with the body, so that an
// old message cannot be sent again as a new one.
std::string WebhookSignature(std::string_view secret, UnixSeconds time, std::string_view body);

// Is `signature` the one of this body, and not older or newer than `tolerance_seconds`? In constant
// time for the digits. For receivers and tests.
bool CheckWebhookSignature(std::string_view secret, std::string_view signature,
                           std::string_view body, UnixSeconds now, int64_t tolerance_seconds);

}  // namespace ouro::notify
