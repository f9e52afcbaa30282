// Small feeds for tests. Included by tests only.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace ouro::feed {

inline constexpr std::string_view kEpssSample =
    "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\n"
    "cve,epss,percentile\n"
    "CVE-2024-0002,0.00042,0.1\n"
    "CVE-2024-0001,0.97532,0.99999\n";

inline constexpr std::string_view kKevSample =
    R"({"title":"t","catalogVersion":"2026.11.20","dateReleased":"2026-11-20T17:04:19.9796Z",
"vulnerabilities":[
{"cveID":"CVE-2024-0001","dateAdded":"2024-02-01","dueDate":"2024-02-22",
 "knownRansomwareCampaignUse":"Known"},
{"cveID":"CVE-2023-77777","dateAdded":"2023-02-01","dueDate":"2023-02-22",
 "knownRansomwareCampaignUse":"Unknown"}]})";

inline std::string RecordSample(std::string_view cve) {
  return fmt::format(
      R"({{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"{}"}},
"containers":{{"cna":{{"metrics":[{{"cvssV3_1":{{"vectorString":"of-the-cna"}}}}]}},
"adp":[{{"title":"CISA ADP Vulnrichment","metrics":[
{{"cvssV3_1":{{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}}},
{{"other":{{"type":"ssvc","content":{{"id":"{}","options":[
{{"Exploitation":"poc"}},{{"Automatable":"yes"}},{{"Technical Impact":"total"}}]}}}}}}]}}]}}}})",
      cve, cve);
}

// A tar archive of one file, as POSIX ustar.
inline std::string TarEntry(std::string_view name, std::string_view bytes) {
  std::string block(512, '\0');
  const auto put = [&block](size_t at, std::string_view text) {
    block.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  put(124, fmt::format("{:011o}", bytes.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  block += bytes;
  block.resize((block.size() + 511) / 512 * 512);
  return block;
}

}  // namespace ouro::feed
