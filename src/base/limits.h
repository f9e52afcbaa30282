// Every limit on things from outside, with its unit. Exceeding one gives ErrorCode::kLimit: never a
// crash and never a silent cut. Values are defaults; where a command has a flag, the flag wins.
#pragma once

#include <cstdint>

namespace ouro::limits {

// Files and documents.
inline constexpr int64_t kFileSizeBytes = 128LL << 20;     // one input file (--max-file-size)
inline constexpr int64_t kDocumentNodeCount = 40'000'000;  // nodes of one parsed file
inline constexpr int kNestingDepth = 1'000;                // levels of maps and lists in a document
inline constexpr int64_t kAliasExpansionNodeCount = 10'000'000;  // nodes seen through aliases
inline constexpr int64_t kKeyCount = 8'000'000;                  // distinct mapping keys of one run
inline constexpr int kDirectoryDepth = 200;                      // levels of folders walked
inline constexpr int64_t kIgnoreFileSizeBytes = 1 << 20;         // one .gitignore
inline constexpr int64_t kIgnoreFilePatternCount = 20'000;       // patterns of one .gitignore

// CEL (the API server's own values are named where they exist).
inline constexpr int64_t kExpressionSizeBytes = 100'000;  // cel-go: 100,000 code points
inline constexpr int kExpressionDepth = 250;              // cel-go: maxRecursionDepth
inline constexpr int64_t kExpressionNodeCount = 200'000;  // nodes after macro expansion
inline constexpr int64_t kCelCallCostLimit =
    1'000'000;  // apiserver cel.PerCallLimit, one expression
inline constexpr int64_t kCelTotalCostLimit =
    10'000'000;  // apiserver cel.RuntimeCELCostBudget, one object
inline constexpr int64_t kEvaluationMemoryBytes = 64LL << 20;  // arena of one evaluation
inline constexpr int64_t kPatternSizeBytes = 64 << 10;         // one regular expression

// Rules, configuration, output.
inline constexpr int64_t kCheckFileSizeBytes = 1 << 20;
inline constexpr int64_t kCheckCount = 20'000;
inline constexpr int64_t kConfigFileSizeBytes = 4 << 20;
inline constexpr int64_t kSuppressionCount = 10'000;   // suppressions of one object
inline constexpr int64_t kFindingCount = 5'000'000;    // findings of one run
inline constexpr int64_t kMessageSizeBytes = 8 << 10;  // one finding's message

// GitHub's SARIF limits (GitHub documentation, "SARIF support for code scanning").
inline constexpr int64_t kSarifResultCount = 25'000;
inline constexpr int64_t kSarifRuleCount = 25'000;
inline constexpr int64_t kSarifTagCount = 20;

// JSON-lines requests of the machine contracts.
inline constexpr int64_t kBatchLineSizeBytes = 64LL << 20;

}  // namespace ouro::limits
