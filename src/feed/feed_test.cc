#include "feed/feed.h"

#include <array>
#include <cstring>

#include <doctest.h>

#include "feed/builder.h"
#include "feed/cve_key.h"
#include "feed/gunzip.h"
#include "feed/input.h"
#include "feed/layout.h"
#include "feed/reader.h"
#include "feed/sample.h"

using namespace ouro;
using namespace ouro::feed;
using model::Answer;

namespace {

FeedBuilder Sample() {
  FeedBuilder builder;
  REQUIRE(ReadEpss(kEpssSample, "epss", builder).has_value());
  REQUIRE(ReadKev(std::string(kKevSample), "kev", builder).has_value());
  REQUIRE(ReadVulnrichment(RecordSample("CVE-2024-0001"), "record", builder).has_value());
  return builder;
}

std::string SampleBytes() {
  return Sample().Build().value();
}

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// "CVE-2024-0001,0.5,0.9" with the two lines before it, as gzip writes it.
constexpr std::string_view kEpssGzip =
    "1f8b08000000000002031d8a410a80201405f75ea3652a5fcb20b7d10da26d84bd8550191a9ebf4fc39bcd63"
    "9a2b1d38b78a5c62ba7db5649da64e9b5e969032b6637fe1f91d9431cad242e4ffb5c4885021f194221fe480"
    "fb8d27c4b4ce1cda5e71602469c78ee203c87403e869000000";

Result<std::string> Unpack(std::string_view bytes, size_t piece) {
  std::string out;
  Gunzip gunzip([&out](std::string_view part) -> Status {
    out += part;
    return {};
  });
  for (size_t at = 0; at < bytes.size(); at += piece) {
    OURO_TRY_STATUS(gunzip.Add(bytes.substr(at, piece)));
  }
  OURO_TRY_STATUS(gunzip.Finish());
  return out;
}

}  // namespace

TEST_CASE("CVE ids are numbers that keep their order") {
  for (const char* id : {"CVE-1999-0001", "CVE-2024-0001", "CVE-2024-12345", "CVE-2026-1000000"}) {
    REQUIRE(CveKey(id).has_value());
    CHECK(CveText(*CveKey(id)) == id);
  }
  CHECK(*CveKey("CVE-2023-99999") < *CveKey("CVE-2024-0001"));
  CHECK(*CveKey("cve-2024-9999") < *CveKey("CVE-2024-10000"));
  for (const char* id : {"", "CVE-", "CVE-2024", "CVE-2024-", "CVE-1989-0001", "CVE-2024--001",
                         "GHSA-xxxx", "CVE-2024-67108864", "CVE-2024-00x1", "CVE-2024_0001"}) {
    CAPTURE(id);
    CHECK_FALSE(CveKey(id).has_value());
  }
}

TEST_CASE("what the feeds say of a CVE comes back from the file") {
  const Feeds feeds = Feeds::FromBytes(SampleBytes(), "test").value();
  model::VulnFacts facts;
  REQUIRE(feeds.Find("CVE-2024-0001", facts));
  CHECK(facts.kev == Answer::kYes);
  CHECK(facts.ransomware);
  CHECK(FormatRfc3339(facts.kev_added) == "2024-02-01T00:00:00Z");
  CHECK(FormatRfc3339(facts.kev_due) == "2024-02-22T00:00:00Z");
  CHECK(facts.epss == doctest::Approx(0.97532));
  CHECK(facts.epss_percentile == doctest::Approx(0.99999));
  CHECK(facts.exploitation == model::Exploitation::kPoc);
  CHECK(facts.automatable == Answer::kYes);
  CHECK(facts.technical_impact == model::TechnicalImpact::kTotal);
  CHECK(facts.cvss == "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
  REQUIRE(feeds.Find("CVE-2024-0002", facts));
  CHECK(facts.kev == Answer::kNo);
  CHECK(facts.cvss.empty());
  CHECK(facts.automatable == Answer::kUnknown);
  CHECK_FALSE(feeds.Find("CVE-2020-0001", facts));
  CHECK(facts.kev == Answer::kNo);
  CHECK(facts.epss < 0);
  CHECK_FALSE(feeds.Find("GHSA-1", facts));
  CHECK(feeds.Describe() == "feeds of 2026-11-20");
  CHECK(feeds.source(FeedKind::kKev).row_count == 2);
}

TEST_CASE("without a catalogue nothing is said about being listed") {
  FeedBuilder builder;
  REQUIRE(ReadEpss(kEpssSample, "epss", builder).has_value());
  const Feeds feeds = Feeds::FromBytes(builder.Build().value(), "test").value();
  model::VulnFacts facts;
  CHECK(feeds.Find("CVE-2024-0001", facts));
  CHECK(facts.kev == Answer::kUnknown);
  CHECK_FALSE(Feeds().Find("CVE-2024-0001", facts));
  CHECK(Feeds().empty());
  CHECK(Feeds().Describe().empty());
}

TEST_CASE("the bytes do not depend on the order of the rows, and the last row of a CVE wins") {
  FeedBuilder a;
  FeedBuilder b;
  for (const uint32_t key : {3U, 1U, 2U}) a.AddEpss(key, 0.5, key / 10.0);
  for (const uint32_t key : {1U, 2U, 3U}) b.AddEpss(key, 0.25, 0);
  for (const uint32_t key : {1U, 2U, 3U}) b.AddEpss(key, 0.5, key / 10.0);
  model::VulnFacts first;
  first.cvss = "first";
  model::VulnFacts second;
  second.cvss = "second";
  a.AddEnrichment(1, first);
  a.AddEnrichment(2, second);
  b.AddEnrichment(2, second);
  b.AddEnrichment(1, first);
  CHECK(a.Build().value() == b.Build().value());
}

TEST_CASE("keeping and taking over kinds gives the same file") {
  const std::string bytes = SampleBytes();
  const Feeds feeds = Feeds::FromBytes(bytes, "test").value();
  FeedBuilder kept;
  for (const FeedKind kind : kFeedKinds) kept.Keep(kind, feeds);
  CHECK(kept.Build().value() == bytes);
  FeedBuilder sample = Sample();
  FeedBuilder taken;
  for (const FeedKind kind : kFeedKinds) taken.Take(kind, sample);
  CHECK(taken.Build().value() == bytes);
}

TEST_CASE("each damaged byte and each cut is noticed") {
  const std::string bytes = SampleBytes();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    const bool reserved = at >= offsetof(FeedHeader, reserved) && at < sizeof(FeedHeader);
    CAPTURE(at);
    CHECK(Feeds::FromBytes(damaged, "test").has_value() == reserved);
    CHECK_FALSE(Feeds::FromBytes(bytes.substr(0, at), "test").has_value());
  }
  CHECK(Feeds::FromBytes("hello", "test").error().code == ErrorCode::kParse);
}

TEST_CASE("EPSS without headings, and rows that are none") {
  FeedBuilder builder;
  REQUIRE(ReadEpss("CVE-1999-0001;0.033510000;0.876500000\r\n", "pack", builder).has_value());
  const Feeds feeds = Feeds::FromBytes(builder.Build().value(), "test").value();
  model::VulnFacts facts;
  CHECK(feeds.Find("CVE-1999-0001", facts));
  CHECK(facts.epss == doctest::Approx(0.03351));
  for (const char* text : {"CVE-1999-0001,0.1", "CVE-1999-0001,0.1,1.5", "CVE-1999-0001,x,0.1",
                           "CVE-1999-0001,0.1,0.2,3", "hello", "CVE-1999-0001,nan,0.2"}) {
    CAPTURE(text);
    FeedBuilder other;
    const Status read = ReadEpss(text, "file", other);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().where == "file:1");
  }
}

TEST_CASE("JSON lines and tables of the enrichment") {
  FeedBuilder builder;
  REQUIRE(ReadVulnrichment(R"({"cve":"CVE-1999-0006","exploitation":"none","automatable":"yes",
"technical_impact":"total","cvssv3_1":"V"}
{"cve":"CVE-1999-0007","exploitation":"active","automatable":"no","technical_impact":"partial"})",
                           "lines", builder)
              .has_value());
  REQUIRE(ReadVulnrichment("#cve\tcpe\tssvc_automatable\tssvc_exploitation\tcvss_vector\t"
                           "ssvc_technical_impact\nCVE-1999-0008\tc\tyes\tpoc\tW\ttotal\n",
                           "table", builder)
              .has_value());
  const Feeds feeds = Feeds::FromBytes(builder.Build().value(), "test").value();
  model::VulnFacts facts;
  REQUIRE(feeds.Find("CVE-1999-0006", facts));
  CHECK(facts.cvss == "V");
  CHECK(facts.automatable == Answer::kYes);
  REQUIRE(feeds.Find("CVE-1999-0007", facts));
  CHECK(facts.exploitation == model::Exploitation::kActive);
  CHECK(facts.technical_impact == model::TechnicalImpact::kPartial);
  REQUIRE(feeds.Find("CVE-1999-0008", facts));
  CHECK(facts.exploitation == model::Exploitation::kPoc);
  CHECK(facts.cvss == "W");
  FeedBuilder other;
  CHECK_FALSE(ReadVulnrichment(R"({"cve":"x","automatable":"yes"})", "lines", other).has_value());
  CHECK_FALSE(ReadKev(R"({"cve":"x","ransomware":"Known"})", "lines", other).has_value());
  CHECK_FALSE(ReadKev(R"({"vulnerabilities":[{"cveID":"x"}]})", "kev", other).has_value());
  CHECK_FALSE(ReadKev("{", "kev", other).has_value());
}

TEST_CASE("the kind of a feed is told by its first bytes") {
  CHECK(DetectFeed(kEpssSample) == FeedKind::kEpss);
  CHECK(DetectFeed("CVE-1999-0001;0.1;0.2") == FeedKind::kEpss);
  CHECK(DetectFeed(kKevSample) == FeedKind::kKev);
  CHECK(DetectFeed(R"({"cve": "CVE-2025-1", "ransomware": "Unknown"})") == FeedKind::kKev);
  CHECK(DetectFeed(RecordSample("CVE-2024-0001")) == FeedKind::kVulnrichment);
  CHECK(DetectFeed("#cve\tcvss_vector") == FeedKind::kVulnrichment);
  CHECK_FALSE(DetectFeed("<html>").has_value());
  CHECK_FALSE(DetectFeed("{}").has_value());
  CHECK_FALSE(DetectFeed("").has_value());
}

TEST_CASE("gzip in pieces of any size, several members, plain bytes, damage") {
  const std::string packed = Unhex(kEpssGzip);
  const std::string plain = Unpack(packed, 1).value();
  CHECK(plain.find("CVE-2024-0001,0.5,0.9\n") != std::string::npos);
  CHECK(Unpack(packed + packed, 7).value() == plain + plain);
  CHECK(Unpack("plain", 2).value() == "plain");
  CHECK(Unpack("", 1).value().empty());
  CHECK(Unpack("x", 1).value() == "x");
  CHECK(Unpack(packed.substr(0, packed.size() - 1), 100).error().code == ErrorCode::kParse);
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 1);
  CHECK_FALSE(Unpack(damaged, 100).has_value());
}

TEST_CASE("an archive of records is read in pieces, other files in it are passed over") {
  const std::string archive = TarEntry("vulnrichment-develop/README.md", "hello") +
                              TarEntry("v/2024/CVE-2024-0001.json", RecordSample("CVE-2024-0001")) +
                              TarEntry("v/2024/CVE-2024-0002.json", "{}") + std::string(1024, '\0');
  for (const size_t piece : {size_t{1}, size_t{511}, archive.size()}) {
    FeedInput input(FeedKind::kVulnrichment, "archive");
    for (size_t at = 0; at < archive.size(); at += piece) {
      REQUIRE(input.Add(std::string_view(archive).substr(at, piece)).has_value());
    }
    REQUIRE(input.Finish().has_value());
    CHECK(input.builder().row_count(FeedKind::kVulnrichment) == 1);
  }
  FeedInput cut({}, "archive");
  REQUIRE(cut.Add(std::string_view(archive).substr(0, 1300)).has_value());
  CHECK(cut.Finish().error().message == "the tar archive is cut short");
  FeedInput wrong(FeedKind::kKev, "name");
  REQUIRE(wrong.Add(kEpssSample).has_value());
  CHECK(wrong.Finish().error().message == "this is epss, not kev");
}
