// A policy, an exception file and a gate request made of any bytes are read or refused with a
// message; what was read is written and read back to the same bytes. Nothing crashes and nothing
// runs away.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gate/exception_text.h"
#include "gate/policy_reader.h"
#include "gate/policy_writer.h"
#include "gate/record.h"

using namespace ouro;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Long inputs find nothing that short ones do not, and make a run slow.
  if (size > 64 << 10) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto policy = gate::ReadPolicyText(std::string(bytes), "fuzz.yaml");
  if (!policy) {
    if (policy.error().message.empty()) __builtin_trap();
  } else {
    std::string once;
    gate::AppendPolicy(once, *policy, true);
    const auto again = gate::ReadPolicyText(once, "again.json");
    if (!again) __builtin_trap();
    std::string twice;
    gate::AppendPolicy(twice, *again, true);
    if (once != twice) __builtin_trap();
  }
  (void)gate::ReadExceptionFile(std::string(bytes), "fuzz.yaml");
  const std::string answer = gate::AnswerBatchLine(bytes, nullptr);
  if (answer.empty() || answer.find('\n') != std::string::npos) __builtin_trap();
  return 0;
}
