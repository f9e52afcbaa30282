// The recorded twin of a cluster: a folder of redacted lists that is scanned like the live state.
// docs/formats/cluster-dump.md describes the format.
//
//     cluster.json                      what was asked, when, and what could not be listed
//     api/v1/pods.json                  a List; further parts are pods.2.json, pods.3.json …
//     apis/apps/v1/deployments.json
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "kube/client.h"
#include "kube/resource.h"

namespace ouro::kube {

// What was recorded of one resource.
struct DumpEntry {
  struct File {
    std::string path;  // relative to the folder, '/' as separator
    int64_t objects = 0;
    int64_t size_bytes = 0;
    std::string sha256;  // 64 lower-case hexadecimal digits
  };
  ApiResource resource;
  std::string name_space;  // the one that was asked for; empty: all
  std::vector<File> files;
  std::string resource_version;
  bool inconsistent = false;  // as in ListEnd
};

// What should have been recorded and was not, and why.
struct DumpGap {
  std::string what;  // "secrets", "metrics.k8s.io/v1beta1"
  Error error;
};

struct DumpInfo {
  std::string server;          // URL without user information
  std::string context;         // as in ClientConfig
  std::string server_version;  // "v1.33.13"
  std::string created;         // RFC 3339
  std::string ouro_version;
  std::vector<DumpEntry> entries;  // in the order in which they were recorded
  std::vector<DumpGap> gaps;
};

// Writes into a temporary folder beside `folder`, which takes its name in Finish(). Without
// Finish() the destructor removes it, so that a dump that broke off never looks like one.
class DumpWriter {
 public:
  // `info`: its entries and gaps are ignored. kInvalid when `folder` exists and is neither empty
  // nor a dump (a dump is replaced).
  static Result<std::unique_ptr<DumpWriter>> Create(const std::string& folder, DumpInfo info);
  ~DumpWriter();

  // Redacts and adds a page of the server (kube/client.h). Pages of several resources may mix; one
  // job number stands for one resource and namespace.
  Status AddPage(size_t job, const ApiResource& resource, std::string_view name_space,
                 std::string_view page);
  // Drops what the job has added so far (ListHandler::restart).
  Status Restart(size_t job);
  // The list ended: an empty list is recorded as such. A failed one keeps what it had, as a gap and
  // an entry.
  Status End(size_t job, const ApiResource& resource, std::string_view name_space,
             const Result<ListEnd>& end);
  void AddGap(std::string what, Error error);
  // Writes cluster.json and gives the folder its name. Nothing may be called after it.
  Status Finish();

 private:
  struct State;
  explicit DumpWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether the folder holds a cluster.json of a dump. Reads at most its first 4 KiB.
bool IsDump(const std::string& folder);

class DumpReader {
 public:
  // kNotFound, kParse: no dump, or a broken cluster.json.
  static Result<std::unique_ptr<DumpReader>> Open(const std::string& folder);

  const DumpInfo& info() const { return info_; }
  // The files of an entry as pages, in order, each checked against its size and checksum first:
  // kParse names the file that is torn or changed, kNotFound the one that is missing. Objects carry
  // apiVersion and kind.
  Result<ListEnd> List(const DumpEntry& entry, const PageHandler& handler) const;
  // Path of an entry's file as people would write it, for messages.
  std::string PathOf(const DumpEntry::File& file) const;

 private:
  DumpReader(std::string folder, DumpInfo info);
  std::string folder_;
  DumpInfo info_;
};

}  // namespace ouro::kube
