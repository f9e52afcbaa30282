// Asks the admission webhook's pure function (serve/admission.h) about an object: a review as the
// API server builds it goes in as bytes, and the verdicts are read from the bytes that come out.
// One per thread.
//
// An answer names findings by their fingerprints. Those that the live object has tell the check;
// where one is unknown, where there are too many to be named, or where an expression could not be
// evaluated, each check is asked alone.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/snapshot.h"
#include "kube/resource.h"
#include "model/finding.h"
#include "prove/leg_judge.h"
#include "prove/verdict.h"
#include "serve/admission.h"

namespace ouro::prove {

// A webhook for each check alone, made when first needed; shared by threads.
class SingleChecks {
 public:
  explicit SingleChecks(std::shared_ptr<const engine::Snapshot> all);
  ~SingleChecks();
  // The snapshot with the rules of one check.
  Result<std::shared_ptr<const engine::Snapshot>> Of(size_t number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ReviewLeg {
 public:
  // `singles` and `numbers` must outlive the leg.
  ReviewLeg(std::shared_ptr<const engine::Snapshot> snapshot, const CheckNumbers& numbers,
            SingleChecks& singles, UnixSeconds now);

  // Reviews the CREATE of `json`. `resource` may be null where no server told the plural name.
  // `known`: fingerprints and checks of the same object judged otherwise. Checks that need an
  // inventory are not judged. kParse when the answer is no review.
  Result<Verdicts> Judge(const model::Resource& object, std::string_view json,
                         const kube::ApiResource* resource,
                         const std::map<std::string, KnownFinding>& known);

 private:
  struct Heard;
  Result<Heard> Ask(serve::Admission& admission, const std::string& review);
  Result<CheckVerdict> AskAlone(size_t number, const std::string& review);
  bool Understood(const Heard& heard, const std::map<std::string, KnownFinding>& known,
                  Verdicts& verdicts) const;

  const CheckNumbers& numbers_;
  SingleChecks& singles_;
  UnixSeconds now_;
  serve::Admission admission_;
  std::map<size_t, std::unique_ptr<serve::Admission>> alone_;
  std::string body_;
  serve::Answer answer_;
  io::KeyTable keys_;
  io::Tree tree_;
};

// The AdmissionReview (admission.k8s.io/v1) of a dry-run CREATE, as JSON.
std::string ReviewOf(const model::Resource& object, std::string_view json,
                     const kube::ApiResource* resource);

}  // namespace ouro::prove
