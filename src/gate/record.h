// Decision records and requests as JSON. docs/formats/gate.md has every field.
//
// A record holds the answer with its explanation and, under `inputs`, everything that went into it,
// so that it can be computed again: the same inputs give the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "gate/decision.h"
#include "io/tree.h"

namespace ouro::gate {

inline constexpr std::string_view kDecisionSchema = "ouro/decision/v1";

// Reads a request: {"policy","findings","subject","now"} and exceptions, windows, grants, baseline,
// incomplete, began, fixes, tzdata. `trusted`: it is the `inputs` of a record, so `verified` of
// grants is believed. Unknown members are kInvalid with the nearest known one.
Result<Request> ReadRequest(const io::NodeView& map, bool trusted);

// The canonical JSON of a request; ReadRequest reads it back to the same request.
void AppendRequest(std::string& out, const Request& request);

struct RecordOptions {
  bool with_inputs = true;
};
// The record of an outcome, without line end. The request must be canonical (Canonicalize).
std::string DecisionRecord(const Request& request, const Outcome& outcome,
                           const RecordOptions& options);

// Canonicalize, Decide and DecisionRecord in one.
Result<std::string> DecideToRecord(Request& request, const RecordOptions& options);

// Computes a record (with inputs) again and gives the new bytes, without line end. The caller
// compares. kParse or kInvalid where the text is no record or has no inputs.
Result<std::string> Replay(std::string record);

// One line of `ouro gate --batch`: a request as JSON in, its record without inputs out (with them
// where the request says "inputs": true), or {"error": …}. `key`: of break-glass grants, given the
// policy's `break_glass`; null: none is accepted.
using KeyReader = std::string (*)(const BreakGlass& rules);
std::string AnswerBatchLine(std::string_view line, KeyReader key);

// SHA-256 of the findings' canonical JSON, one a line; 64 hexadecimal digits.
std::string FindingsHash(const Request& request);

}  // namespace ouro::gate
