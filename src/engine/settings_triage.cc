#include "engine/settings_triage.h"

#include <array>

#include "base/text.h"
#include "fmt/format.h"

namespace ouro::engine {
namespace {

constexpr int64_t kSlaDaysMax = 3'650;

Status ReadOwnerRules(const SettingReader& value, std::vector<triage::OwnerRule>& rules) {
  OURO_TRY(const auto members, value.Members());
  rules.clear();
  for (const SettingReader& member : members) {
    OURO_TRY(std::string owner, member.Text());
    rules.push_back({std::string(member.key()), std::move(owner)});
  }
  return {};
}

Status ReadDays(const SettingReader& value, std::array<int64_t, model::kSeverityCount>& days) {
  OURO_TRY(const auto members, value.Members());
  for (const SettingReader& member : members) {
    const auto severity = model::ParseSeverity(member.key());
    if (!severity) return member.Unknown({"critical", "high", "info", "low", "medium"});
    OURO_TRY(const int64_t count, member.Integer());
    if (count < 0 || count > kSlaDaysMax) {
      return member.Wrong(fmt::format("a number of days from 0 (no date) to {}", kSlaDaysMax));
    }
    days[static_cast<size_t>(*severity)] = count;
  }
  return {};
}

Status ReadClock(const SettingReader& value, triage::SlaClock& clock) {
  OURO_TRY(const std::string word, value.Text());
  if (word == "first_seen") {
    clock = triage::SlaClock::kFirstSeen;
  } else if (word == "fix_available") {
    clock = triage::SlaClock::kFixAvailable;
  } else if (word == "earlier") {
    clock = triage::SlaClock::kEarlier;
  } else {
    return value.Wrong("first_seen, fix_available or earlier");
  }
  return {};
}

std::string DaysText(const std::array<int64_t, model::kSeverityCount>& days) {
  return fmt::format("critical {}, high {}, medium {}, low {}, info {}", days[4], days[3], days[2],
                     days[1], days[0]);
}

}  // namespace

Status ReadFeeds(const SettingReader& value, Config& config) {
  return feed::ReadFeedSettings(value, config.feeds);
}

std::string ShowFeeds(const Config& config) {
  return config.feeds.file.empty() ? "in the data folder of the user" : config.feeds.file;
}

Status ReadOwners(const SettingReader& value, Config& config) {
  OURO_TRY(const auto members, value.Members());
  triage::OwnerPolicy& owners = config.owners;
  for (const SettingReader& member : members) {
    if (member.key() == "labels") {
      OURO_TRY(owners.label_keys, member.TextList());
    } else if (member.key() == "namespaces") {
      OURO_TRY_STATUS(ReadOwnerRules(member, owners.namespaces));
    } else if (member.key() == "paths") {
      OURO_TRY_STATUS(ReadOwnerRules(member, owners.paths));
    } else if (member.key() == "base_images") {
      OURO_TRY(owners.base_image_owner, member.Text());
    } else if (member.key() == "default") {
      OURO_TRY(owners.default_owner, member.Text());
    } else {
      return member.Unknown({"base_images", "default", "labels", "namespaces", "paths"});
    }
  }
  return {};
}

std::string ShowOwners(const Config& config) {
  const triage::OwnerPolicy& owners = config.owners;
  return fmt::format("{} namespace rules, {} path rules, default {}", owners.namespaces.size(),
                     owners.paths.size(),
                     owners.default_owner.empty() ? "nobody" : owners.default_owner);
}

Status ReadSla(const SettingReader& value, Config& config) {
  OURO_TRY(const auto members, value.Members());
  triage::SlaCalendar& sla = config.sla;
  for (const SettingReader& member : members) {
    if (member.key() == "days") {
      OURO_TRY_STATUS(ReadDays(member, sla.days));
    } else if (member.key() == "fix_days") {
      OURO_TRY_STATUS(ReadDays(member, sla.fix_days));
    } else if (member.key() == "clock") {
      OURO_TRY_STATUS(ReadClock(member, sla.clock));
    } else if (member.key() == "restart_on_reopen") {
      OURO_TRY(sla.restart_on_reopen, member.Boolean());
    } else if (member.key() == "grace_days") {
      OURO_TRY(sla.grace_days, member.Integer());
      if (sla.grace_days < 0 || sla.grace_days > kSlaDaysMax) {
        return member.Wrong(fmt::format("a number of days from 0 to {}", kSlaDaysMax));
      }
    } else {
      return member.Unknown({"clock", "days", "fix_days", "grace_days", "restart_on_reopen"});
    }
  }
  return {};
}

std::string ShowSla(const Config& config) {
  return DaysText(config.sla.days);
}

Status ReadNotify(const SettingReader& value, Config& config) {
  OURO_TRY(const auto members, value.Members());
  config.has_notify = !members.empty();
  return {};
}

std::string ShowNotify(const Config& config) {
  return config.has_notify ? "see `ouro notify list`" : "nobody";
}

}  // namespace ouro::engine
