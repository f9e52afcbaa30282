// Feeds: any bytes as a feed in each of its forms, packed or not, and as a file of feeds. No input
// may crash or be taken for a feed that cannot be written and read again.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "feed/feed.h"
#include "feed/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ouro::feed::FeedInput input({}, "fuzz");
  if (input.Add(bytes) && input.Finish()) {
    const ouro::Result<std::string> file = input.builder().Build();
    if (!file || !ouro::feed::Feeds::FromBytes(*file, "fuzz")) std::abort();
  }
  const ouro::Result<ouro::feed::Feeds> feeds =
      ouro::feed::Feeds::FromBytes(std::string(bytes), "fuzz");
  if (feeds) {
    ouro::model::VulnFacts facts;
    feeds->Find("CVE-2024-0001", facts);
  }
  return 0;
}
