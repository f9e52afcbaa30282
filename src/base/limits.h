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
inline constexpr int64_t kCelMatchConditionCostLimit =
    2'500'000;  // apiserver cel.RuntimeCELCostBudgetMatchConditions, one policy and object
inline constexpr int64_t kPolicyMessageSizeBytes =
    5 << 10;  // apiserver cel.MaxEvaluatedMessageExpressionSizeBytes
inline constexpr int64_t kPolicyAuditValueSizeBytes = 10 << 10;  // apiserver: an audit annotation
inline constexpr int64_t kPolicyMatchConditionCount = 64;        // API validation of a policy
inline constexpr int64_t kPolicyAuditAnnotationCount = 20;       // API validation of a policy
inline constexpr int kPolicyVariableDepth = 64;            // variables that wait for each other
inline constexpr int64_t kPolicyExpressionCount = 10'000;  // expressions of one policy
inline constexpr int64_t kPolicySetObjectCount = 20'000;   // policies, bindings, parameters
inline constexpr int64_t kExportListSize = 500;            // items a real list may reach
inline constexpr int64_t kExportTextSizeBytes = 4'096;     // bytes a real text may reach: a path
inline constexpr int64_t kKubernetesRequestSizeBytes =
    3LL << 20;  // apiserver cel.MaxRequestSizeBytes: largest object of a request
inline constexpr int64_t kEtcdObjectSizeBytes = 3LL << 19;  // etcd --max-request-bytes, default

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

// Admission webhook (`ouro serve`). The API server takes request bodies of up to 3 MiB
// (k8s.io/apiserver server.Config.MaxRequestBodyBytes); the review of an UPDATE holds two objects,
// and its JSON is longer than what the client sent where characters are escaped.
inline constexpr int64_t kReviewSizeBytes = 8LL << 20;        // one AdmissionReview
inline constexpr int64_t kReviewBytesInFlight = 128LL << 20;  // bodies of all connections together
inline constexpr int64_t kRequestHeaderSizeBytes = 16 << 10;  // request line and header fields
inline constexpr int kConnectionCount = 512;                  // open connections of the server
inline constexpr int kAdmissionWarningSizeCharacters = 256;   // kube-apiserver: truncateItemRunes
inline constexpr int kAdmissionWarningsSizeCharacters = 4'096;  // …: truncateAtTotalRunes
inline constexpr int kAdmissionMessageFindingCount = 10;        // findings named in a refusal
inline constexpr int kAdmissionLineSizeCharacters = 1'024;      // one finding's line in a refusal
inline constexpr int kAdmissionAnnotationIdCount = 50;          // ids in the audit annotation
inline constexpr int64_t kCertificateFileSizeBytes = 1 << 20;   // a PEM file

// HTTP and the Kubernetes API client.
inline constexpr int64_t kHttpResponseSizeBytes = 256LL << 20;  // one response, unpacked
inline constexpr int64_t kHttpHeaderSizeBytes = 256 << 10;      // header fields of one response
inline constexpr int64_t kHttpBacklogBytes = 64LL << 20;        // of a stream, not yet taken over
inline constexpr int kHttpRedirectCount = 5;                    // within one server
inline constexpr int kRetryAfterSeconds = 60;                // longest wait that a server may ask
inline constexpr int kListRestartCount = 3;                  // 410 without a page in between
inline constexpr int64_t kWatchEventSizeBytes = 32LL << 20;  // one line of a watch
inline constexpr int64_t kApiResourceCount = 50'000;         // resources of one server
inline constexpr int64_t kApiListPartCount = 10'000'000;     // pages of one list
inline constexpr int kKubeconfigFileCount = 100;             // files of $KUBECONFIG
inline constexpr int64_t kTokenSizeBytes = 1 << 20;          // token and certificate files
inline constexpr int64_t kExecOutputSizeBytes = 1 << 20;     // what a credential plugin prints
inline constexpr int kExecSeconds = 120;                     // how long it may take
inline constexpr int64_t kDumpPartSizeBytes = 32LL << 20;    // one file of a dump, about
inline constexpr int64_t kDumpIndexSizeBytes = 64LL << 20;   // cluster.json of a dump

// The live scan.
inline constexpr int64_t kVerdictCacheBytes = 64LL << 20;    // judged texts remembered for replicas
inline constexpr int kOwnerLookupCount = 500;                // owners fetched one by one
inline constexpr int64_t kClusterFileSizeBytes = 2LL << 30;  // one file of objects, read at once

// Proofs of sameness (`ouro prove`).
inline constexpr int kProveConnectionCount = 64;  // requests in flight (--connections)
inline constexpr int kProveFailureCount = 3;      // failures in a row, then the server is given up
inline constexpr int kProveDeafAnswerCount = 3;   // answers of one object that no policy judged
inline constexpr int kProvePolicySeconds = 60;    // until installed policies must be active

// Recurrences and windows in time.
inline constexpr int64_t kRecurrenceTextSizeBytes = 64 << 10;   // rules and dates of one window
inline constexpr int64_t kRecurrenceRuleCount = 100;            // rules of one recurrence
inline constexpr int64_t kRecurrenceValueCount = 1'000;         // values of one BY part
inline constexpr int64_t kRecurrenceSilentDays = 146'097;       // 400 years: the calendar repeats
inline constexpr int64_t kRecurrenceSilentSteps = 4'000'000;    // without an occurrence
inline constexpr int64_t kRecurrenceExcludedCount = 1'000'000;  // in a row
inline constexpr int64_t kOccurrenceCount = 100'000;            // listed in one answer
inline constexpr int64_t kWindowOccurrenceCount = 1'000'000;    // looked at for one decision
inline constexpr int64_t kWindowDurationSeconds = 366LL * 86'400;  // of one occurrence

// Messages that leave the house (`ouro notify`).
inline constexpr int64_t kNotifyChannelCount = 100;            // of one configuration
inline constexpr int64_t kNotifySecretSizeBytes = 64 << 10;    // a file with a password or token
inline constexpr int64_t kNotifyMessageSizeBytes = 256 << 10;  // one message as it is sent
inline constexpr int64_t kNotifyResponseSizeBytes = 1 << 20;   // what a receiver answers
inline constexpr int kNotifyIssueCount = 200;                  // issues named in one message

// Times of the webhook's server, in milliseconds. The API server keeps an idle connection for 90 s
// (Go's net/http, IdleConnTimeout): the server must not be the first to close it, or a request that
// is just being sent fails.
inline constexpr int kHandshakeMilliseconds = 5'000;
inline constexpr int kRequestHeaderMilliseconds = 5'000;  // from its first byte
inline constexpr int kRequestBodyMilliseconds = 10'000;   // from the end of the header
inline constexpr int kResponseMilliseconds = 10'000;      // until the peer has taken it
inline constexpr int kIdleConnectionMilliseconds = 120'000;
inline constexpr int kLingerMilliseconds = 2'000;          // for the peer to read a refusal
inline constexpr int kWebhookTimeoutMilliseconds = 5'000;  // timeoutSeconds of our manifest

// The gate (docs/formats/policy.md, exception.md, audit.md).
inline constexpr int64_t kGateRuleCount = 20'000;         // rules of one policy, all levels
inline constexpr int64_t kGateExceptionCount = 100'000;   // exceptions of one decision
inline constexpr int64_t kGateWindowCount = 10'000;       // windows of one configuration
inline constexpr int64_t kGateListCount = 10'000;         // patterns of one list of a rule
inline constexpr int64_t kDecisionSizeBytes = 1LL << 30;  // one decision record that is replayed
inline constexpr int64_t kBreakGlassSeconds = 4 * 3600;   // longest life of a grant
inline constexpr int64_t kAuditLineSizeBytes = 1 << 20;   // one entry of the audit log

// The store.
inline constexpr int64_t kPageItemCount = 1'000;  // items of one page, groups of one answer
inline constexpr int64_t kOutboxPayloadSizeBytes = 1 << 20;  // one message that waits to be sent
inline constexpr int64_t kNoteSizeBytes = 64 << 10;          // a reason or note on an issue

// Feeds of vulnerability facts and what people wrote down about findings.
inline constexpr int64_t kFeedSizeBytes = 512LL << 20;       // one feed, or the file of all
inline constexpr int64_t kFeedArchiveSizeBytes = 8LL << 30;  // one feed, unpacked while it streams
inline constexpr int64_t kFeedRowCount = 4'000'000;          // CVEs of all feeds together
inline constexpr int64_t kVexStatementCount = 2'000'000;     // statements of one run
inline constexpr int64_t kCodeownersSizeBytes = 3LL << 20;   // GitHub: CODEOWNERS up to 3 MB
inline constexpr int64_t kCodeownersRuleCount = 100'000;     // lines of it that name a pattern
inline constexpr int64_t kLearnDecisionCount = 2'000'000;    // decisions to learn from

}  // namespace ouro::limits
