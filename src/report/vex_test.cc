#include "report/vex.h"

#include <algorithm>

#include <doctest.h>

#include "io/tree.h"
#include "report/vex_shared.h"

using namespace ouro;
using namespace ouro::report;
using model::VexStatement;
using model::VexStatus;

namespace {

VexDocument Sample() {
  VexDocument document;
  document.author = "shop security";
  document.at = 1'795'273'445;
  document.tool_version = "1.0";
  VexStatement no;
  no.vulnerability = "CVE-2024-1";
  no.aliases = {"GHSA-aaaa"};
  no.status = VexStatus::kNotAffected;
  no.justification = model::VexJustification::kVulnerableCodeNotInExecutePath;
  no.impact = "the parser is \"never\" called";
  no.timestamp = "2026-11-20T00:00:00Z";
  no.products = {{"pkg:oci/api?repository_url=r/api", "", {"pkg:deb/debian/openssl@1"}, {}}};
  VexStatement accepted;
  accepted.vulnerability = "GHSA-bbbb";
  accepted.status = VexStatus::kAffected;
  accepted.action = "accepted until spring";
  accepted.response = "will_not_fix";
  accepted.products = {{"pkg:npm/lodash@4", "", {}, {}}, {"plain name", "", {}, {}}};
  VexStatement bare;
  bare.vulnerability = "CVE-2024-2";
  bare.status = VexStatus::kNotAffected;
  bare.products = {{"pkg:npm/lodash@4", "", {}, {}}};
  VexStatement nowhere;
  nowhere.vulnerability = "CVE-2024-3";
  document.statements = {no, accepted, bare, nowhere};
  return document;
}

struct Parsed {
  io::KeyTable keys;
  io::Tree tree;
  io::NodeView root;
  explicit Parsed(std::string text) {
    REQUIRE(io::ReadJson(std::move(text), {}, keys, tree).has_value());
    REQUIRE(tree.problems().empty());
    root = io::NodeView(tree, keys, tree.roots().front().node);
  }
};

std::string Write(std::string_view format, const VexDocument& document) {
  std::string out;
  FindVexWriter(format)(document, out);
  return out;
}

}  // namespace

TEST_CASE("OpenVEX: what each status demands is there") {
  const Parsed parsed(Write("openvex", Sample()));
  CHECK(parsed.root.Get("@context").Text() == "https://openvex.dev/ns/v0.2.0");
  CHECK(parsed.root.Get("author").Text() == "shop security");
  const std::vector<io::NodeView> statements = parsed.root.Get("statements").Children();
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].Get("status").Text() == "not_affected");
  CHECK(statements[0].Get("justification").Text() == "vulnerable_code_not_in_execute_path");
  CHECK(statements[0].Get("impact_statement").Text() == "the parser is \"never\" called");
  CHECK(statements[0].Get("timestamp").Text() == "2026-11-20T00:00:00Z");
  const io::NodeView product = statements[0].Get("products").Children()[0];
  CHECK(product.Get("subcomponents").Children()[0].Get("@id").Text() == "pkg:deb/debian/openssl@1");
  CHECK(statements[1].Get("action_statement").Text() == "accepted until spring");
  CHECK(statements[1].Get("timestamp").Text() == "2026-11-21T15:04:05Z");
  CHECK_FALSE(statements[2].Get("impact_statement").Text().empty());
}

TEST_CASE("CycloneDX: every reference leads to a component") {
  const Parsed parsed(Write("cyclonedx", Sample()));
  std::vector<std::string> components;
  for (const io::NodeView& component : parsed.root.Get("components").Children()) {
    components.emplace_back(component.Get("bom-ref").Text());
    CHECK_FALSE(component.Get("name").Text().empty());
  }
  CHECK(components.size() == 3);
  const std::vector<io::NodeView> found = parsed.root.Get("vulnerabilities").Children();
  REQUIRE(found.size() == 3);
  for (const io::NodeView& vulnerability : found) {
    for (const io::NodeView& affects : vulnerability.Get("affects").Children()) {
      CHECK(std::find(components.begin(), components.end(), affects.Get("ref").Text()) !=
            components.end());
    }
  }
  CHECK(found[0].Get("analysis").Get("justification").Text() == "code_not_reachable");
  CHECK(found[1].Get("analysis").Get("state").Text() == "exploitable");
  CHECK(found[1].Get("analysis").Get("response").Children()[0].Text() == "will_not_fix");
  const std::string serial(parsed.root.Get("serialNumber").Text());
  CHECK(serial.size() == std::string("urn:uuid:").size() + 36);
  CHECK(serial[9 + 14] == '8');
}

TEST_CASE("CSAF: every product id of a status is in the tree, and the profile's demands are met") {
  const Parsed parsed(Write("csaf", Sample()));
  const io::NodeView document = parsed.root.Get("document");
  CHECK(document.Get("category").Text() == "csaf_vex");
  CHECK(document.Get("tracking").Get("version").Text() == "1");
  std::vector<std::string> ids;
  for (const io::NodeView& name :
       parsed.root.Get("product_tree").Get("full_product_names").Children()) {
    ids.emplace_back(name.Get("product_id").Text());
  }
  const std::vector<io::NodeView> found = parsed.root.Get("vulnerabilities").Children();
  REQUIRE(found.size() == 3);
  for (const io::NodeView& vulnerability : found) {
    for (const auto& [status, list] : vulnerability.Get("product_status").Members()) {
      for (const io::NodeView& id : list.Children()) {
        CHECK(std::find(ids.begin(), ids.end(), id.Text()) != ids.end());
      }
    }
    const bool no = vulnerability.Get("product_status").Get("known_not_affected").exists();
    CHECK((vulnerability.Get("flags").exists() || vulnerability.Get("threats").exists()) == no);
    CHECK(vulnerability.Get("remediations").exists() == !no);
  }
  CHECK(found[1].Get("ids").Children()[0].Get("text").Text() == "GHSA-bbbb");
  CHECK(found[1].Get("remediations").Children()[0].Get("category").Text() == "no_fix_planned");
}

TEST_CASE("the same content has the same id, other content another one") {
  VexDocument document = Sample();
  const std::string id = VexContentId(document, "openvex");
  CHECK(VexContentId(document, "openvex") == id);
  document.statements[0].impact = "other";
  CHECK(VexContentId(document, "openvex") != id);
  CHECK(CountUnwritable(document) == 1);
  CHECK((FindVexWriter("spdx") == nullptr));
}
