#include "scan/suppression_text.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

namespace ouro::scan {
namespace internal {

bool IsSelector(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_-.:/*").find(c) != std::string_view::npos;
  });
}

bool IsDate(std::string_view text) {
  return text.size() == 10 && ParseRfc3339(text).has_value();
}

Status ParseCheckovSkip(std::string_view line, char separator, InlineSuppression& out) {
  line = TrimSpace(line);
  const size_t cut = line.find(separator);
  std::string_view id = TrimSpace(line.substr(0, cut));
  std::string_view reason =
      cut == std::string_view::npos ? std::string_view() : line.substr(cut + 1);
  if (const size_t blank = id.find(' '); blank != std::string_view::npos) {
    // "CKV_K8S_16 why": seen in the wild; only where what stands first looks like an id.
    reason = line.substr(blank + 1);
    id = id.substr(0, blank);
  }
  const bool looks_right = IsSelector(id) && id.find('_') != std::string_view::npos &&
                           id.find('*') == std::string_view::npos;
  if (!looks_right) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" names no Checkov check: write CKV_K8S_16{}reason",
                            Printable(id.substr(0, 60)), separator));
  }
  out.by = "checkov.io/skip";
  out.selector = "checkov:" + std::string(id);
  out.reason = TrimSpace(reason);
  return {};
}

namespace {

// AVD-KSV-0017, KSV0017, KSV017, ksv-17 → KSV-0017. Other ids are only put in upper case.
std::string CanonicalTrivyId(std::string_view id) {
  std::string upper(id);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  if (StartsWith(upper, "AVD-")) upper.erase(0, 4);
  size_t letters = 0;
  while (letters < upper.size() && std::isalpha(static_cast<unsigned char>(upper[letters])) != 0) {
    ++letters;
  }
  size_t digits = letters;
  if (digits < upper.size() && upper[digits] == '-') ++digits;
  const std::string number = upper.substr(digits);
  const bool plain = letters > 0 && !number.empty() && number.size() <= 4 &&
                     number.find_first_not_of("0123456789") == std::string::npos;
  if (!plain) return upper;
  return upper.substr(0, letters) + "-" + std::string(4 - number.size(), '0') + number;
}

}  // namespace

Status ParseTrivyIgnore(std::string_view words, InlineSuppression& out) {
  const std::vector<std::string_view> parts = SplitText(words, ':');
  const std::string_view id = parts[0].substr(0, parts[0].find('['));
  if (!IsSelector(id)) {
    return Fail(ErrorCode::kInvalid, "trivy:ignore names no check: write trivy:ignore:KSV-0017");
  }
  for (size_t i = 1; i < parts.size(); i += 2) {
    if (parts[i] == "exp" && i + 1 < parts.size()) {
      if (!IsDate(parts[i + 1])) {
        return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no date: write :exp:2027-01-31",
                                                     Printable(parts[i + 1].substr(0, 40))));
      }
      out.until = parts[i + 1];
    } else if (parts[i] != "ws") {
      return Fail(ErrorCode::kInvalid, fmt::format("trivy:ignore does not know the word \"{}\"",
                                                   Printable(parts[i].substr(0, 40))));
    } else {
      return Fail(
          ErrorCode::kInvalid,
          "trivy:ignore for one workspace (:ws:) is not honoured: there is no workspace here");
    }
  }
  if (parts[0].find('[') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalid,
                "trivy:ignore with a filter in brackets is not honoured: name the check alone");
  }
  out.by = "trivy:ignore";
  out.selector = "trivy:" + (id == "*" ? std::string("*") : CanonicalTrivyId(id));
  return {};
}

}  // namespace internal

namespace {

const std::vector<std::string_view> kWords = {"until", "reason", "container"};

struct Entry {
  std::vector<std::string> ids;
  InlineSuppression common;
};

Status TakeWord(std::string_view word, std::string_view value, Entry& entry) {
  if (word == "until") {
    if (!internal::IsDate(value)) {
      return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no date: write until=2027-01-31",
                                                   Printable(value.substr(0, 40))));
    }
    entry.common.until = value;
  } else if (word == "container") {
    if (value.empty()) return Fail(ErrorCode::kInvalid, "container= names no container");
    entry.common.container = value;
  } else {
    const std::string_view nearest = NearestWord(word, kWords);
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("unknown word \"{}\"{}", Printable(word.substr(0, 40)),
                    nearest.empty() ? std::string(": until=, reason= and container= are known")
                                    : fmt::format(": did you mean {}=?", nearest)));
  }
  return {};
}

// A reason is free text up to the end, save for a closing ", until=…" or ", container=…".
std::string_view CutReason(std::string_view text) {
  size_t end = text.size();
  for (const std::string_view word : {"until=", "container="}) {
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      const std::string_view before = TrimSpace(text.substr(0, at));
      if (!before.empty() && before.back() == ',') end = std::min(end, at);
    }
  }
  return text.substr(0, end);
}

Status ParseEntry(std::string_view text, Entry& entry) {
  while (!(text = TrimSpace(text)).empty()) {
    if (StartsWith(text, "reason=")) {
      text.remove_prefix(7);
      const std::string_view reason = CutReason(text);
      text.remove_prefix(reason.size());
      std::string_view kept = TrimSpace(reason);
      if (!text.empty() && !kept.empty()) kept = TrimSpace(kept.substr(0, kept.size() - 1));
      entry.common.reason = kept;
      continue;
    }
    const size_t comma = text.find(',');
    const std::string_view part = TrimSpace(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (part.empty()) continue;
    if (const size_t equals = part.find('='); equals != std::string_view::npos) {
      OURO_TRY_STATUS(
          TakeWord(TrimSpace(part.substr(0, equals)), TrimSpace(part.substr(equals + 1)), entry));
    } else if (internal::IsSelector(part)) {
      entry.ids.emplace_back(part);
    } else {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is no check id: write <id>[, until=DATE][, reason=why]",
                              Printable(part.substr(0, 60))));
    }
  }
  if (entry.ids.empty()) {
    return Fail(ErrorCode::kInvalid, "it names no check: write <id>[, until=DATE][, reason=why]");
  }
  return {};
}

}  // namespace

Status ParseSuppressionText(std::string_view text, std::vector<InlineSuppression>& out) {
  std::vector<Entry> entries;
  size_t count = 0;
  while (!text.empty()) {
    const size_t end = text.find_first_of(";\n");
    const std::string_view part = TrimSpace(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (part.empty()) continue;
    Entry entry;
    OURO_TRY_STATUS(ParseEntry(part, entry));
    count += entry.ids.size();
    if (static_cast<int64_t>(count) > limits::kSuppressionCount) {
      return Fail(ErrorCode::kLimit, fmt::format("more than {} ids", limits::kSuppressionCount));
    }
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) {
    return Fail(ErrorCode::kInvalid, "it names no check: write <id>[, until=DATE][, reason=why]");
  }
  for (const Entry& entry : entries) {
    for (const std::string& id : entry.ids) {
      InlineSuppression suppression = entry.common;
      suppression.by = "ouro.dev/ignore";
      suppression.selector = id;
      out.push_back(std::move(suppression));
    }
  }
  return {};
}

}  // namespace ouro::scan
