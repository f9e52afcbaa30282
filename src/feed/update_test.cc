#include "feed/update.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <doctest.h>

#include "feed/sample.h"
#include "io/http_client_stub.h"

using namespace ouro;
using namespace ouro::feed;
namespace fs = std::filesystem;

namespace {

constexpr UnixSeconds kNow = 1'795'273'445;

// A folder that goes away with the test.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "ouro-feed-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string File(std::string_view name) const { return (path / name).string(); }
  void Write(std::string_view name, std::string_view bytes) const {
    std::ofstream(File(name), std::ios::binary) << bytes;
  }
  size_t Count() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::string Records() {
  return TarEntry("v/2024/CVE-2024-0001.json", RecordSample("CVE-2024-0001")) +
         std::string(1024, '\0');
}

io::StubAnswer Serve(const io::StubRequest& request) {
  io::StubAnswer answer;
  if (request.path == "/epss_scores-current.csv.gz") {
    answer.body = kEpssSample;
  } else if (request.path == "/known_exploited_vulnerabilities.json") {
    answer.headers = {"ETag: \"k1\""};
    const auto tag = request.headers.find("if-none-match");
    if (tag != request.headers.end() && tag->second == "\"k1\"") {
      answer.status = 304;
    } else {
      answer.body = kKevSample;
    }
  } else if (request.path == "/vulnrichment.tar.gz") {
    answer.body = Records();
  } else {
    answer.status = 404;
  }
  return answer;
}

UpdateRequest From(const Folder& folder, const std::string& mirror) {
  UpdateRequest request;
  request.path = folder.File("deep/feeds.db");
  UseMirror(mirror, request.config);
  request.now = kNow;
  return request;
}

}  // namespace

TEST_CASE("feeds come from a mirror into one file; what has not changed is not sent again") {
  const Folder folder;
  io::StubServer server(Serve);
  UpdateRequest request = From(folder, server.url());
  const UpdateResult first = UpdateFeeds(request).value();
  CHECK_FALSE(first.failed());
  REQUIRE(first.lines.size() == 3);
  CHECK(first.lines[0].row_count == 2);
  CHECK(first.lines[1].state == UpdateState::kUpdated);
  model::VulnFacts facts;
  CHECK(Feeds::Open(request.path).value().Find("CVE-2024-0001", facts));
  CHECK(facts.technical_impact == model::TechnicalImpact::kTotal);

  request.now = kNow + 60;
  const UpdateResult second = UpdateFeeds(request).value();
  CHECK(second.lines[1].state == UpdateState::kCurrent);
  const Feeds feeds = Feeds::Open(request.path).value();
  CHECK(feeds.source(FeedKind::kKev).fetched_at == kNow + 60);
  CHECK(feeds.source(FeedKind::kKev).etag == "\"k1\"");
  CHECK(feeds.source(FeedKind::kKev).row_count == 2);
}

TEST_CASE("a feed that fails keeps its old rows and says so; the others are new") {
  const Folder folder;
  std::string epss(kEpssSample);
  int kev_status = 200;
  io::StubServer server([&](const io::StubRequest& request) {
    io::StubAnswer answer = Serve(request);
    if (request.path == "/epss_scores-current.csv.gz") answer.body = epss;
    if (request.path == "/known_exploited_vulnerabilities.json") answer.status = kev_status;
    return answer;
  });
  UpdateRequest request = From(folder, server.url());
  REQUIRE_FALSE(UpdateFeeds(request).value().failed());
  epss = "cve,epss,percentile\nCVE-2024-0001,0.1";
  kev_status = 500;
  request.now += 10;
  const UpdateResult result = UpdateFeeds(request).value();
  CHECK(result.failed());
  CHECK(result.lines[0].state == UpdateState::kFailed);
  CHECK(result.lines[0].row_count == 2);
  CHECK(result.lines[0].message.find(":2:") != std::string::npos);
  CHECK(result.lines[1].message.find("500") != std::string::npos);
  CHECK(result.lines[2].state == UpdateState::kUpdated);
  const Feeds feeds = Feeds::Open(request.path).value();
  CHECK(feeds.source(FeedKind::kEpss).row_count == 2);
  CHECK(feeds.source(FeedKind::kEpss).fetched_at == kNow);
  CHECK(feeds.source(FeedKind::kVulnrichment).fetched_at == kNow + 10);
}

TEST_CASE("a feed that is cut off in the middle, empty or far too small is refused") {
  const Folder folder;
  io::StubAnswer kev;
  io::StubServer server([&](const io::StubRequest& request) {
    return request.path == "/known_exploited_vulnerabilities.json" ? kev : Serve(request);
  });
  UpdateRequest request = From(folder, server.url());
  request.kinds = {FeedKind::kKev};
  std::string many = "{\"cve\":\"CVE-2020-0001\",\"ransomware\":\"Known\"}\n";
  for (int i = 1000; i < 1009; ++i) {
    many += fmt::format("{{\"cve\":\"CVE-2020-{}\",\"ransomware\":\"Known\"}}\n", i);
  }
  kev.body = many;
  REQUIRE_FALSE(UpdateFeeds(request).value().failed());
  for (const std::string& body :
       {many.substr(0, many.size() - 5),
        std::string("{\"catalogVersion\":\"1\",\"vulnerabilities\":[]}"),
        many.substr(0, many.find('\n')), std::string("<html>try later</html>")}) {
    kev.body = body;
    const UpdateResult result = UpdateFeeds(request).value();
    CAPTURE(body);
    CHECK(result.failed());
    CHECK(Feeds::Open(request.path).value().source(FeedKind::kKev).row_count == 10);
  }
  kev.cut = true;
  kev.body = many;
  CHECK(UpdateFeeds(request).value().failed());
}

TEST_CASE("feeds come from a folder, a file or one address; the kind is told by the content") {
  const Folder folder;
  folder.Write("README", "hello");
  folder.Write("a.csv", kEpssSample);
  folder.Write("b.json", kKevSample);
  UpdateRequest request;
  request.path = folder.File("feeds.db");
  request.from = folder.path.string();
  request.now = kNow;
  const UpdateResult both = UpdateFeeds(request).value();
  REQUIRE(both.lines.size() == 2);
  CHECK_FALSE(both.failed());
  // The file of feeds itself now lies in the folder and is passed over.
  CHECK(UpdateFeeds(request).value().lines.size() == 2);

  folder.Write("c.tar", Records());
  request.from = folder.File("c.tar");
  CHECK(UpdateFeeds(request).value().lines.at(0).kind == FeedKind::kVulnrichment);
  const Feeds feeds = Feeds::Open(request.path).value();
  for (const FeedKind kind : kFeedKinds) CHECK(feeds.source(kind).row_count > 0);

  io::StubServer server(Serve);
  request.from = server.url() + "/known_exploited_vulnerabilities.json";
  CHECK(UpdateFeeds(request).value().lines.at(0).kind == FeedKind::kKev);

  request.from = folder.File("README");
  CHECK_FALSE(UpdateFeeds(request).has_value());
  request.from = folder.File("nothing");
  CHECK(UpdateFeeds(request).error().code == ErrorCode::kNotFound);
  // README, three feeds, the file of feeds: nothing temporary stays.
  CHECK(folder.Count() == 5);
}

TEST_CASE("a broken feed in a folder is told, not passed over") {
  const Folder folder;
  folder.Write("a.csv", std::string(kEpssSample) + "CVE-2024-0003,7,1\n");
  folder.Write("b.json", kKevSample);
  UpdateRequest request;
  request.path = folder.File("feeds.db");
  request.from = folder.path.string();
  const UpdateResult result = UpdateFeeds(request).value();
  CHECK(result.failed());
  CHECK(result.lines.at(0).message.find("a.csv:5") != std::string::npos);
}

TEST_CASE("a damaged file of feeds is replaced only when all of it is new") {
  const Folder folder;
  io::StubServer server(Serve);
  UpdateRequest request = From(folder, server.url());
  REQUIRE(UpdateFeeds(request).has_value());
  fs::resize_file(request.path, 100);
  request.kinds = {FeedKind::kKev};
  CHECK(UpdateFeeds(request).error().code == ErrorCode::kParse);
  request.kinds.clear();
  CHECK_FALSE(UpdateFeeds(request).value().failed());
  CHECK(Feeds::Open(request.path).has_value());
}

TEST_CASE("a folder that cannot be written is an error and leaves the old file") {
  if (geteuid() == 0) return;  // root may write everywhere
  const Folder folder;
  folder.Write("kev.json", kKevSample);
  UpdateRequest request;
  request.path = "/proc/feeds.db";
  request.from = folder.File("kev.json");
  CHECK(UpdateFeeds(request).error().code == ErrorCode::kIo);
}

TEST_CASE("settings of ouro.yaml") {
  const auto read = [](std::string yaml) -> Result<FeedConfig> {
    io::KeyTable keys;
    io::Tree tree;
    OURO_TRY_STATUS(io::ReadYaml(std::move(yaml), {}, keys, tree));
    FeedConfig config;
    OURO_TRY_STATUS(ReadFeedSettings(
        io::SettingReader(tree, keys, tree.roots().front().node, "ouro.yaml", "feeds"), config));
    return config;
  };
  const FeedConfig config =
      read("file: /var/feeds.db\nkev: ''\nmirror: https://mirror.example/feeds\nmax_age_days: 2\n")
          .value();
  CHECK(config.file == "/var/feeds.db");
  CHECK(config.urls[0] == "https://mirror.example/feeds/epss_scores-current.csv.gz");
  CHECK(config.urls[1].empty());
  CHECK(config.max_age_days == 2);
  CHECK_FALSE(read("kev: ftp://x\n").has_value());
  CHECK_FALSE(read("max_age_days: 0\n").has_value());
  CHECK(read("epps: https://x\n").error().message.find("epss") != std::string::npos);
}
