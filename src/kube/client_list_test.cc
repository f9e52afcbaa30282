#include <doctest.h>

#include <string>
#include <vector>

#include "kube/client.h"
#include "kube/client_fixture.h"
#include "kube/list_page.h"

namespace ouro::kube {
namespace {

std::string Page(const std::string& version, const std::string& next, const std::string& item) {
  return fmt::format(
      R"({{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
      version, next, item);
}

// Lists and gives the pages joined by "|".
std::string Pages(Client& client, Result<ListEnd>& end, const ListOptions& options = {}) {
  std::string pages;
  end = client.List(PodResource(), options, [&](std::string& page) -> Status {
    const size_t items = page.find("\"items\":[") + 9;
    pages += page.substr(items, page.find(']') - items) + "|";
    return {};
  });
  return pages;
}

TEST_CASE("List: pages in order, with selectors and the same limit each time") {
  const StubServer server([](const StubRequest& request) {
    CHECK(request.path == "/api/v1/namespaces/shop/pods");
    CHECK(request.query.at("labelSelector") == "a in (b,c)");
    CHECK(request.query.at("fieldSelector") == "x=y");
    CHECK(request.query.at("limit") == "2");
    CHECK_FALSE(request.query.contains("resourceVersion"));
    const auto token = request.query.find("continue");
    if (token == request.query.end()) return JsonAnswer(Page("9", "a/b+=", "1,2"));
    CHECK(token->second == "a/b+=");
    return JsonAnswer(Page("9", "", "3"));
  });
  ClientFixture fixture(server.url());
  Result<ListEnd> end = ListEnd();
  ListOptions options;
  options.name_space = "shop";
  options.label_selector = "a in (b,c)";
  options.field_selector = "x=y";
  options.page_size = 2;
  CHECK(Pages(*fixture.client, end, options) == "1,2|3|");
  CHECK(end->pages == 2);
  CHECK(end->resource_version == "9");
  CHECK_FALSE(end->inconsistent);
}

TEST_CASE("List: a 410 midway goes on with the server's new token and says so") {
  const StubServer server([](const StubRequest& request) {
    const auto token = request.query.find("continue");
    if (token == request.query.end()) return JsonAnswer(Page("9", "old", "1"));
    if (token->second == "old") {
      return StatusAnswer(410, "Expired", "too old", R"({"continue":"fresh"})");
    }
    return JsonAnswer(Page("20", "", "2"));
  });
  ClientFixture fixture(server.url());
  Result<ListEnd> end = ListEnd();
  CHECK(Pages(*fixture.client, end) == "1|2|");
  CHECK(end->inconsistent);
  CHECK(end->resource_version == "20");
}

TEST_CASE("List: a 410 without a token, and one that never ends") {
  bool with_token = false;
  int asked = 0;
  const StubServer server([&](const StubRequest& request) {
    ++asked;
    if (!request.query.contains("continue")) return JsonAnswer(Page("9", "old", "1"));
    return StatusAnswer(410, "Expired", "too old",
                        with_token ? fmt::format(R"({{"continue":"f{}"}})", asked) : "{}");
  });
  ClientFixture fixture(server.url());
  Result<ListEnd> end = ListEnd();
  CHECK(Pages(*fixture.client, end) == "1|");
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::kRemote);
  CHECK(end.error().message.find("too old") != std::string::npos);
  with_token = true;
  Pages(*fixture.client, end);
  CHECK_FALSE(end);
  CHECK(asked < 12);
}

TEST_CASE("ListMany: a 410 begins anew where the caller asks for it") {
  int expired = 0;
  const StubServer server([&](const StubRequest& request) {
    if (!request.query.contains("continue")) return JsonAnswer(Page("9", "old", "1"));
    if (++expired <= 2) return StatusAnswer(410, "Expired", "too old", R"({"continue":"fresh"})");
    return JsonAnswer(Page("9", "", "2"));
  });
  ClientFixture fixture(server.url());
  const ApiResource pods = PodResource();
  const ListJob job = {&pods, {}};
  std::string seen;
  ListHandler handler;
  handler.page = [&](size_t, std::string&) -> Status {
    seen += "p";
    return {};
  };
  handler.restart = [&](size_t) { seen = "r"; };
  handler.end = [&](size_t, Result<ListEnd> end) {
    REQUIRE(end);
    CHECK_FALSE(end->inconsistent);
    CHECK(end->pages == 2);
    seen += "e";
  };
  fixture.client->ListMany(std::span<const ListJob>(&job, 1), 4, handler);
  CHECK(seen == "rppe");
}

TEST_CASE("ListMany: every job ends, the failed ones with the reason; callbacks never nest") {
  const StubServer server([](const StubRequest& request) {
    const std::string kind = request.path.substr(request.path.rfind('/') + 1);
    if (kind == "r3") return StatusAnswer(403, "Forbidden", "r3 is forbidden");
    if (kind == "r5") return JsonAnswer("{\"kind\":\"PodList\",\"items\":[");
    if (!request.query.contains("continue")) return JsonAnswer(Page("1", "next", kind));
    return JsonAnswer(Page("1", "", kind));
  });
  ClientFixture fixture(server.url());
  std::vector<ApiResource> resources;
  resources.reserve(12);
  for (int i = 0; i < 12; ++i) {
    resources.push_back({"g", "v1", "R", "r" + std::to_string(i), true, true, {}});
  }
  std::vector<ListJob> jobs;
  jobs.reserve(resources.size());
  for (const ApiResource& one : resources) jobs.push_back({&one, {}});
  std::vector<int> pages(jobs.size());
  std::vector<std::string> ends(jobs.size());
  bool inside = false;
  ListHandler handler;
  handler.page = [&](size_t job, std::string& page) -> Status {
    CHECK_FALSE(inside);
    inside = true;
    CHECK(page.find("[r" + std::to_string(job) + "]") != std::string::npos);
    ++pages[job];
    CHECK(fixture.client->Get("/x/r0"));  // the same client, from within
    inside = false;
    if (job == 7) return Fail(ErrorCode::kInvalid, "mine");
    return {};
  };
  handler.end = [&](size_t job, Result<ListEnd> end) {
    ends[job] += end ? "ok" : std::string(ErrorCodeName(end.error().code));
  };
  fixture.client->ListMany(jobs, 4, handler);
  for (size_t job = 0; job < jobs.size(); ++job) {
    CAPTURE(job);
    CHECK(ends[job] == (job == 3 ? "denied" : job == 5 ? "parse" : job == 7 ? "invalid" : "ok"));
    CHECK(pages[job] == (job == 3 || job == 5 ? 0 : job == 7 ? 1 : 2));
  }
}

TEST_CASE("ListMany: the stop flag ends all jobs") {
  const StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.stall = true;
    answer.pieces = {"{"};
    return answer;
  });
  ClientFixture fixture(server.url());
  const ApiResource pods = PodResource();
  const std::vector<ListJob> jobs(10, ListJob{&pods, {}});
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    fixture.stop = true;
  });
  int interrupted = 0;
  ListHandler handler;
  handler.page = [](size_t, std::string&) -> Status { return {}; };
  handler.end = [&](size_t, Result<ListEnd> end) {
    interrupted += !end && end.error().message == "interrupted" ? 1 : 0;
  };
  fixture.client->ListMany(jobs, 3, handler);
  CHECK(interrupted == 10);
}

TEST_CASE("List: torn pages, pages that repeat, answers that are no List") {
  for (const char* body : {R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{)", "",
                           "[]", R"({"kind":"PodList","items":[1,2)", R"({"kind":"Status"})"}) {
    CAPTURE(body);
    const StubServer server([&](const StubRequest&) { return JsonAnswer(body); });
    ClientFixture fixture(server.url());
    Result<ListEnd> end = ListEnd();
    CHECK(Pages(*fixture.client, end).empty());
    REQUIRE_FALSE(end);
    CHECK(end.error().code == ErrorCode::kParse);
    CHECK(end.error().where.ends_with("/api/v1/pods"));
  }
  const StubServer again([&](const StubRequest&) { return JsonAnswer(Page("1", "same", "1")); });
  ClientFixture fixture(again.url());
  Result<ListEnd> end = ListEnd();
  CHECK(Pages(*fixture.client, end) == "1|1|");
  CHECK(end.error().message.find("same page") != std::string::npos);
}

TEST_CASE("List: pages that are too large are asked for again in smaller ones") {
  std::vector<std::string> sizes;
  const StubServer server([&](const StubRequest& request) {
    sizes.push_back(request.query.at("limit"));
    const size_t size = std::stoul(request.query.at("limit")) * 100'000;
    return JsonAnswer(Page("1", "", "\"" + std::string(size, 'x') + "\""));
  });
  ClientFixture fixture(server.url());
  Result<ListEnd> end = ListEnd();
  CHECK(Pages(*fixture.client, end).size() > 500'000);
  CHECK(end.has_value());
  CHECK(sizes == std::vector<std::string>{"500", "62", "7"});
  const StubServer huge([&](const StubRequest&) { return JsonAnswer(std::string(2 << 20, 'x')); });
  ClientFixture other(huge.url());
  Pages(*other.client, end);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::kLimit);
}

TEST_CASE("ReadListHead: metadata in front of and behind the items") {
  const ListHead front = ReadListHead(Page("7", "c\\u003d", "{}")).value();
  CHECK(front.resource_version == "7");
  CHECK(front.continue_token == "c=");
  const ListHead behind =
      ReadListHead(
          R"({"apiVersion":"x/v1","items":[{"metadata":{"continue":"no"}},{"a":"]}"}],"kind":"XList","metadata":{"continue":"yes","resourceVersion":"8"}})")
          .value();
  CHECK(behind.resource_version == "8");
  CHECK(behind.continue_token == "yes");
}

TEST_CASE("List: the handler may take a page away") {
  int asked = 0;
  const StubServer server([&](const StubRequest&) {
    ++asked;
    return JsonAnswer(
        Page("1", asked < 3 ? "n" + std::to_string(asked) : "", std::to_string(asked)));
  });
  ClientFixture fixture(server.url());
  std::vector<std::string> kept;
  CHECK(fixture.client->List(PodResource(), {}, [&](std::string& page) -> Status {
    kept.push_back(std::move(page));
    return {};
  }));
  REQUIRE(kept.size() == 3);
  CHECK(kept[2].find("[3]") != std::string::npos);
}

}  // namespace
}  // namespace ouro::kube
