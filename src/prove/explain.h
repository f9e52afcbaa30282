// Why a live object may be judged differently from its file: the API server fills in what the file
// left out, and drops fields that it does not know. Nothing else explains a difference.
//
// An explanation is proved, not guessed: the live object without the added fields that the table
// names for the check, and the file's object without the dropped ones, are judged again. Only when
// these two verdicts are the same do the changes explain the difference.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/tree.h"
#include "prove/leaves.h"
#include "prove/leg_judge.h"
#include "prove/verdict.h"

namespace ouro::prove {

// One row of the table: what the API server adds that changes what a check says.
struct Defaulting {
  std::string_view check;   // id; "*": any check
  std::string_view field;   // end of the added field's path, indexes as "[]"
  std::string_view reason;  // one sentence without final period
};
std::span<const Defaulting> DefaultingTable();

struct Explanation {
  std::string field;   // "ports[].hostPort", or the dropped field's path without indexes
  std::string reason;  // one sentence without final period
};

// The file's object and what the server made of it. One per pair; not thread-safe.
class Explainer {
 public:
  // `unknown_fields` asks the server which fields of the file's object it does not know (paths as
  // it writes them, "spec.template.spec.containers[0].foo"); called at most once.
  using UnknownFields = std::function<Result<std::vector<std::string>>()>;
  Explainer(LegJudge& judge, std::string_view file_json, std::string_view live_json,
            UnknownFields unknown_fields);

  // Nothing when the difference is unexplained. Fails when the server could not be asked, or when
  // one of the texts is no JSON.
  Result<std::optional<Explanation>> Explain(std::string_view check, size_t number);

 private:
  Status Prepare();
  Result<CheckVerdict> LiveWithout(const std::vector<uint32_t>& nodes, size_t number);
  Result<CheckVerdict> FileWithout(const std::vector<uint32_t>& nodes, size_t number);
  Result<std::string> DroppedReason();

  LegJudge& judge_;
  std::string_view file_json_;
  std::string_view live_json_;
  UnknownFields unknown_fields_;
  bool prepared_ = false;
  io::KeyTable keys_;
  io::Tree file_;
  io::Tree live_;
  std::vector<PathNode> added_;  // everything at and below added fields
  std::vector<Change> dropped_;
  std::optional<std::string> dropped_reason_;
};

}  // namespace ouro::prove
