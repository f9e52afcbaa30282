#include "store/incomplete.h"

namespace ouro::store {
namespace {

// A folder may be named with a slash at its end.
std::string_view WithoutSlash(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string JoinPlaces(const model::Finding& finding) {
  std::string places = finding.location.file;
  places += '\0';
  std::string_view last = finding.location.file;
  for (const model::Location& place : finding.other_locations) {
    if (place.file == last) continue;
    last = place.file;
    places += place.file;
    places += '\0';
  }
  return places;
}

IncompletePlaces::IncompletePlaces(const std::vector<model::Problem>& problems) {
  for (const model::Problem& problem : problems) {
    // A check that files can never answer is so in every run and says nothing about other checks.
    if (problem.warning || problem.kind == "not_evaluable") continue;
    if (problem.file.empty()) everything_ = true;
    paths_.emplace(WithoutSlash(problem.file));
  }
}

bool IncompletePlaces::Covers(std::string_view places) const {
  if (everything_) return true;
  if (paths_.empty()) return false;
  while (!places.empty()) {
    const size_t end = places.find('\0');
    if (CoversFile(places.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    places.remove_prefix(end + 1);
  }
  return false;
}

bool IncompletePlaces::CoversFile(std::string_view file) const {
  while (!file.empty()) {
    if (paths_.contains(std::string(file))) return true;
    const size_t slash = file.rfind('/');
    if (slash == std::string_view::npos) return paths_.contains(".");
    if (slash == 0) return paths_.contains("/");
    file = file.substr(0, slash);
  }
  return false;
}

}  // namespace ouro::store
