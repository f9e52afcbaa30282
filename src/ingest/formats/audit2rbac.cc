// audit2rbac: the roles and bindings that it prints as YAML. They are proposals, not findings.
#include "base/text.h"
#include "fmt/format.h"
#include "ingest/formats/cluster_shared.h"
#include "ingest/formats/formats.h"

namespace ouro::ingest {
namespace {

constexpr std::string_view kTool = "audit2rbac";
constexpr std::string_view kMark = "audit2rbac.liggitt.net/";

bool IsRbac(io::NodeView document) {
  const std::string kind = Text(document, "kind");
  return kind == "Role" || kind == "ClusterRole" || kind == "RoleBinding" ||
         kind == "ClusterRoleBinding";
}

int Detect(const ReportInput& input) {
  if (input.LooksLikeXml() || input.bytes().find(kMark) == std::string_view::npos) return kNo;
  if (input.LooksLikeJson()) {
    const std::string kind = Text(input.json(), "kind");
    return kind == "List" || IsRbac(input.json()) ? kNamed : kNo;
  }
  return HasYamlLine(input, "apiVersion", "rbac.authorization.k8s.io/") ? kNamed : kNo;
}

Status Read(const ReportInput& input, Sink& sink) {
  if (input.LooksLikeJson()) OURO_TRY_STATUS(JsonValues(input));
  OURO_TRY(const ReportDocuments report, ReportDocuments::Read(input));
  std::vector<std::string> proposals;
  for (const io::NodeView& document : report.documents()) {
    if (!IsRbac(document)) return MissingPart(document, "role or binding");
    OURO_TRY(std::string text, io::ToJson(document.tree(), document.keys(), document.index()));
    proposals.push_back(std::move(text));
  }
  ReportFacts facts;
  facts.tool = kTool;
  sink.Begin(facts);
  for (std::string& proposal : proposals) sink.AddProposal(std::move(proposal));
  return {};
}

}  // namespace

const Importer kAudit2rbac = {"audit2rbac",
                              "audit2rbac",
                              "the roles and bindings that audit2rbac prints",
                              "one role or binding, as a proposal",
                              Detect,
                              Read};

}  // namespace ouro::ingest
