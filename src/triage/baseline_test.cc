#include <doctest.h>

#include <string>
#include <vector>

#include "triage/triage.h"

namespace ouro::triage {
namespace {

const std::string kA(32, 'a');
const std::string kB(32, 'b');
const std::string kC(32, 'c');
using Ids = std::set<std::string>;

TEST_CASE("ids one a line, with comments, words after them and any line end") {
  const auto ids =
      ReadBaseline("# accepted\n" + kA + "  OURO-K8S-0001 Deployment shop/web\r\n\n  " +
                       std::string(32, 'B') + " # upper case\n",
                   "b.txt");
  REQUIRE(ids);
  CHECK(*ids == Ids{kA, kB});
  CHECK(ReadBaseline("", "b.txt").value().empty());
  CHECK(ReadBaseline("\n# nothing yet\n", "b.txt").value().empty());
}

TEST_CASE("a line that is no id is told with its place") {
  const auto ids = ReadBaseline(kA + "\n\nOURO-K8S-0001\n", "b.txt");
  REQUIRE(!ids);
  CHECK(ids.error().code == ErrorCode::kParse);
  CHECK(ids.error().ToString() ==
        "b.txt:3: \"OURO-K8S-0001\" is no finding id (32 hexadecimal digits)");
}

TEST_CASE("what WriteBaseline writes, ReadBaseline reads") {
  std::vector<model::Finding> findings(4);
  findings[0].id = kB;
  findings[0].check = "OURO-K8S-0001";
  findings[0].resource = {"v1", "Pod", "shop", "a\"b", ""};
  findings[1].id = kA;
  findings[2].id = kC;
  findings[2].status = model::FindingStatus::kSuppressed;
  findings[2].suppressed = model::Suppression{"ouro.dev/ignore", "", "2026-12-31"};
  findings[3].id = kA;
  const std::string text = WriteBaseline(findings);
  CHECK(text ==
        "{\"schema\":\"ouro/baseline/v1\",\"findings\":[\n"
        "{\"id\":\"" +
            kA +
            "\",\"check\":\"\",\"object\":\"\"},\n"
            "{\"id\":\"" +
            kB + "\",\"check\":\"OURO-K8S-0001\",\"object\":\"Pod shop/a\\\"b\"}\n]}\n");
  const auto ids = ReadBaseline(text, "b.json");
  REQUIRE(ids);
  CHECK(*ids == Ids{kA, kB});
  CHECK(ReadBaseline(WriteBaseline({}), "b.json").value().empty());
  findings[2].suppressed->by = "baseline";
  CHECK(ReadBaseline(WriteBaseline(findings), "b.json").value() == Ids{kA, kB, kC});
}

TEST_CASE("reports of ours: what was open, and what their own baseline hid") {
  const std::string open = "{\"id\":\"" + kA + "\",\"check\":\"X\",\"status\":\"open\"}";
  const std::string known = "{\"id\":\"" + kB +
                            "\",\"check\":\"X\",\"status\":\"suppressed\","
                            "\"suppressed\":{\"by\":\"baseline\"}}";
  const std::string hidden = "{\"id\":\"" + kC +
                             "\",\"check\":\"X\",\"status\":\"suppressed\","
                             "\"suppressed\":{\"by\":\"ouro.dev/ignore\"}}";
  const std::string json =
      "{\"schema\":\"ouro/finding/v1\",\"findings\":[" + open + "," + known + "," + hidden + "]}";
  CHECK(ReadBaseline(json, "r.json").value() == Ids{kA, kB});
  CHECK(ReadBaseline("\xEF\xBB\xBF  " + json, "r.json").value() == Ids{kA, kB});
  CHECK(ReadBaseline(open + "\n" + known + "\n" + hidden + "\n", "r.ndjson").value() ==
        Ids{kA, kB});
}

TEST_CASE("SARIF of ours, and not of others") {
  const auto sarif = [](const std::string& tool) {
    return "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"" + tool +
           "\"}},\"results\":["
           "{\"partialFingerprints\":{\"ouroFindingId/v1\":\"" +
           kA +
           "\"}},"
           "{\"partialFingerprints\":{\"ouroFindingId/v1\":\"" +
           kB +
           "\"},\"baselineState\":\"unchanged\",\"suppressions\":[{\"kind\":\"external\"}]},"
           "{\"partialFingerprints\":{\"ouroFindingId/v1\":\"" +
           kC + "\"},\"suppressions\":[{\"kind\":\"inSource\"}]}]}]}";
  };
  CHECK(ReadBaseline(sarif("ouro"), "r.sarif").value() == Ids{kA, kB});
  const auto other = ReadBaseline(sarif("Trivy"), "r.sarif");
  REQUIRE(!other);
  CHECK(other.error().code == ErrorCode::kInvalid);
  CHECK(other.error().message.find("SARIF report of Trivy") != std::string::npos);
}

TEST_CASE("what is no baseline is an error, never an empty baseline") {
  for (const std::string& bytes :
       {std::string("{}"), std::string("[]"), std::string("{\"schema\":\"ouro/finding/v1\"}"),
        std::string("{\"schema\":\"ouro/finding/v1\",\"findings\":[{\"id\":\"x\"}]}"),
        std::string("{\"schema\":\"ouro/finding/v1\",\"findings\":["), std::string("<html>"),
        std::string("{\"schema\":\"ouro/baseline/v1\",\"findings\":[{}]}"),
        std::string("{\"runs\":[{}]}"), std::string("{\"findings\":[]}")}) {
    CAPTURE(bytes);
    CHECK(!ReadBaseline(bytes, "x"));
  }
}

}  // namespace
}  // namespace ouro::triage
