// Decision tables of the Stakeholder-Specific Vulnerability Categorization (SSVC): what is known of
// a vulnerability and its place → one outcome.
//
// Source: CERT/CC SSVC (certcc.github.io/SSVC), decision tables as published in its registry; the
// table of CISA's BOD 26-04 is the default priority of ouro (triage/priority.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ouro::triage {

struct SsvcPoint {
  std::string_view name;    // "in kev", lower case
  std::string_view values;  // from the mildest to the gravest, separated by '|'
};

struct SsvcTable {
  std::string_view name;       // "bod-26-04": how ouro calls it
  std::string_view published;  // "cisa_bod_26_04": as the registry's files are called
  std::string_view version;    // "1.0.0"
  std::span<const SsvcPoint> inputs;
  SsvcPoint outcome;
  // The number of the outcome, from '0', for each combination of inputs; the last input runs
  // fastest. Complete: no combination is missing.
  std::string_view rows;
};

// All nine tables, sorted by name.
std::span<const SsvcTable> SsvcTables();

// By either name, with or without the version ("cisa_bod_26_04_1_0_0"); nullptr: there is none.
const SsvcTable* FindSsvcTable(std::string_view name);

// One input, by the name of its decision point. Names and values are compared without regard to
// case, '_', '-' and blanks being the same; a version behind the name ("In KEV v1.0.0 (cisa)") is
// passed over. "poc" is "public poc".
using SsvcInput = std::pair<std::string, std::string>;

struct SsvcAnswer {
  std::string_view outcome;  // in the words of the table; lives as long as the program
  int number = 0;            // of the outcome, from 0 (mildest)
  // Inputs that were not given. The outcome is then the gravest that they leave possible.
  std::vector<std::string_view> assumed;
};

// kInvalid for an input that the table does not have, one that is given twice, or a value that is
// none of its values. An empty value is an input that is not known.
Result<SsvcAnswer> DecideSsvc(const SsvcTable& table, const std::vector<SsvcInput>& inputs);

}  // namespace ouro::triage
