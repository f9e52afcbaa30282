// The grammar of suppressions in other tools' words, shared by annotations, labels and comments.
// Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "scan/suppression.h"

namespace ouro::scan::internal {

// Letters, digits and the punctuation that ids of any tool use (_ - . : / *).
bool IsSelector(std::string_view text);

// One line of a Checkov skip: "CKV_K8S_16", "CKV_K8S_16=why" (annotation) or "CKV_K8S_16:why"
// (comment). Source: Checkov documentation, "Suppressing and Skipping Policies".
Status ParseCheckovSkip(std::string_view line, char separator, InlineSuppression& out);

// The words behind "trivy:ignore:": "<id>[:exp:YYYY-MM-DD][:ws:<workspace>]". Ids are brought to
// the form of this program's aliases: AVD-KSV-0017, KSV017 and ksv-0017 all mean trivy:KSV-0017.
// Source: Trivy documentation, "Misconfiguration scanning: skipping resources by inline comments".
Status ParseTrivyIgnore(std::string_view words, InlineSuppression& out);

// True for YYYY-MM-DD with a real date.
bool IsDate(std::string_view text);

}  // namespace ouro::scan::internal
