// Sends AdmissionReviews to a running webhook over keep-alive TLS connections at a steady rate, and
// prints what came back, how long it took, and the processor time of the server for each request.
//
//   admission_load PORT [--pid PID] [--rate 1000] [--seconds 60] [--connections 8] [--name NAME]
//
// The load is a realistic Deployment's pod as the API server sends it: two containers with probes,
// resources, environment and volumes, managedFields, about 8 KB; every fourth is an UPDATE with
// both objects. Latency is counted from when a request should have been sent, so that a server that
// stalls cannot hide the requests that waited behind. Exit code 1: an error, an answer that is no
// review, or less than 99 % of the wanted rate.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  uint16_t port = 8443;
  int pid = 0;
  int rate = 1000;
  int seconds = 60;
  int connections = 8;
  std::string name = "perf";
};

std::string Container(int number) {
  std::string environment;
  for (int i = 0; i < 8; ++i) {
    environment += fmt::format(
        R"({}{{"name":"SETTING_{}_{}","value":"https://service-{}.shop.svc.cluster.local:8443/v1"}})",
        i == 0 ? "" : ",", number, i, i);
  }
  return fmt::format(
      R"({{"name":"container-{0}","image":"registry.example.org/shop/service-{0}@sha256:{1:064d}",)"
      R"("imagePullPolicy":"IfNotPresent","args":["--config=/etc/service/config.yaml","--log=json"],)"
      R"("env":[{2}],"ports":[{{"containerPort":{3},"name":"https","protocol":"TCP"}}],)"
      R"("resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},)"
      R"("livenessProbe":{{"failureThreshold":3,"httpGet":{{"path":"/healthz","port":"https","scheme":"HTTPS"}},)"
      R"("periodSeconds":10,"successThreshold":1,"timeoutSeconds":1}},)"
      R"("readinessProbe":{{"failureThreshold":3,"httpGet":{{"path":"/readyz","port":"https","scheme":"HTTPS"}},)"
      R"("periodSeconds":5,"successThreshold":1,"timeoutSeconds":1}},)"
      R"("securityContext":{{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,)"
      R"("runAsNonRoot":true,"runAsUser":10001,"capabilities":{{"drop":["ALL"]}},)"
      R"("seccompProfile":{{"type":"RuntimeDefault"}}}},)"
      R"("terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",)"
      R"("volumeMounts":[{{"mountPath":"/etc/service","name":"config","readOnly":true}},)"
      R"({{"mountPath":"/tmp","name":"scratch"}},)"
      R"({{"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"token-x7x2p","readOnly":true}}]}})",
      number, number + 1, environment, 8443 + number);
}

std::string ManagedFields() {
  std::string fields;
  for (int container = 0; container < 2; ++container) {
    fields += fmt::format(
        R"({}"k:{{\"name\":\"container-{}\"}}":{{".":{{}},"f:args":{{}},"f:env":{{".":{{}})",
        container == 0 ? "" : ",", container);
    for (int i = 0; i < 8; ++i) {
      fields += fmt::format(
          R"(,"k:{{\"name\":\"SETTING_{}_{}\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}})",
          container, i);
    }
    fields +=
        R"(},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{},"f:resources":{},)"
        R"("f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{}},"f:securityContext":{}})";
  }
  return R"([{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},)"
         R"("f:app":{}}},"f:spec":{"f:containers":{)" +
         fields +
         R"(},"f:dnsPolicy":{},"f:restartPolicy":{},"f:volumes":{}}},"manager":"kube-controller-manager",)"
         R"("operation":"Update","time":"2026-11-21T10:00:00Z"}])";
}

std::string Pod() {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"2026-11-21T10:00:00Z",)"
         R"("generateName":"web-7d4f9c6b5-","labels":{"app":"web","app.kubernetes.io/name":"web",)"
         R"("pod-template-hash":"7d4f9c6b5"},"managedFields":)" +
         ManagedFields() +
         R"(,"name":"web-7d4f9c6b5-x2k9s","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1",)"
         R"("blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"web-7d4f9c6b5",)"
         R"("uid":"2f1c6f0e-0000-4000-8000-000000000001"}],"uid":"2f1c6f0e-0000-4000-8000-000000000002"},)"
         R"("spec":{"containers":[)" +
         Container(0) + "," + Container(1) +
         R"(],"dnsPolicy":"ClusterFirst","enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority",)"
         R"("priority":0,"restartPolicy":"Always","schedulerName":"default-scheduler",)"
         R"("securityContext":{"fsGroup":10001,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},)"
         R"("serviceAccount":"web","serviceAccountName":"web","automountServiceAccountToken":false,)"
         R"("terminationGracePeriodSeconds":30,"tolerations":[{"effect":"NoExecute",)"
         R"("key":"node.kubernetes.io/not-ready","operator":"Exists","tolerationSeconds":300}],)"
         R"("volumes":[{"configMap":{"defaultMode":420,"name":"web"},"name":"config"},)"
         R"({"emptyDir":{},"name":"scratch"},{"name":"token-x7x2p","projected":{"defaultMode":420,)"
         R"("sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},)"
         R"({"configMap":{"items":[{"key":"ca.crt","path":"ca.crt"}],"name":"kube-root-ca.crt"}}]}}]},)"
         R"("status":{"phase":"Pending","qosClass":"Burstable"}})";
}

std::string Request(bool update) {
  const std::string pod = Pod();
  const std::string body = fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{)"
      R"("uid":"705ab4f5-6393-11e8-b7cc-42010a800002","kind":{{"group":"","version":"v1","kind":"Pod"}},)"
      R"("resource":{{"group":"","version":"v1","resource":"pods"}},)"
      R"("requestKind":{{"group":"","version":"v1","kind":"Pod"}},)"
      R"("requestResource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"shop",)"
      R"("operation":"{}","userInfo":{{"username":"system:serviceaccount:kube-system:replicaset-controller",)"
      R"("uid":"a","groups":["system:serviceaccounts","system:authenticated"]}},"object":{},)"
      R"("oldObject":{},"dryRun":false,"options":{{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}}}}}})",
      update ? "UPDATE" : "CREATE", pod, update ? pod : "null");
  return fmt::format(
      "POST /validate?timeout=5s HTTP/1.1\r\nHost: ouro.ouro-system.svc:443\r\n"
      "User-Agent: kube-apiserver-admission\r\nContent-Length: {}\r\n"
      "Accept: application/json, */*\r\nContent-Type: application/json\r\n"
      "Accept-Encoding: gzip\r\n\r\n{}",
      body.size(), body);
}

class Connection {
 public:
  explicit Connection(uint16_t port)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    struct sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ssl_ = std::shared_ptr<SSL>(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl_.get(), socket_);
    good_ = connect(socket_, reinterpret_cast<const struct sockaddr*>(&to), sizeof to) == 0 &&
            SSL_connect(ssl_.get()) == 1;
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends one request and takes its answer; false: it is no allowed review.
  bool Ask(const std::string& request) {
    if (!good_ || SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0) {
      return good_ = false;
    }
    answer_.clear();
    while (true) {
      char bytes[16'384];
      const int count = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (count <= 0) return good_ = false;
      answer_.append(bytes, static_cast<size_t>(count));
      const size_t end = answer_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const size_t at = answer_.find("Content-Length: ") + 16;
      if (answer_.size() >= end + 4 + std::strtoul(answer_.c_str() + at, nullptr, 10)) break;
    }
    return answer_.compare(0, 15, "HTTP/1.1 200 OK") == 0 &&
           answer_.find("\"allowed\":") != std::string::npos;
  }
  const std::string& answer() const { return answer_; }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  int socket_;
  bool good_ = false;
  std::string answer_;
};

// User and system time of a process in seconds (proc(5), /proc/PID/stat, fields 14 and 15).
double ProcessSeconds(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int64_t PeakKilobytes(int pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 6, "VmHWM:") == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

struct Outcome {
  std::mutex mutex;
  std::vector<int64_t> latencies_us;
  int64_t errors = 0;
};

// Every connection sends its share of the schedule: request number i of all is due at i / rate.
void Load(const Settings& settings, int number, Clock::time_point start, Outcome& outcome) {
  Connection connection(settings.port);
  const std::string create = Request(false);
  const std::string update = Request(true);
  std::vector<int64_t> latencies;
  int64_t errors = 0;
  const int64_t total = int64_t{settings.rate} * settings.seconds;
  for (int64_t i = number; i < total; i += settings.connections) {
    const auto due = start + std::chrono::nanoseconds(i * 1'000'000'000 / settings.rate);
    std::this_thread::sleep_until(due);
    if (!connection.Ask(i % 4 == 3 ? update : create)) ++errors;
    latencies.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due).count());
  }
  const std::lock_guard lock(outcome.mutex);
  outcome.latencies_us.insert(outcome.latencies_us.end(), latencies.begin(), latencies.end());
  outcome.errors += errors;
}

int Run(const Settings& settings) {
  Connection probe(settings.port);
  if (!probe.Ask(Request(false))) {
    fmt::print(stderr, "the webhook on port {} does not answer: {}\n", settings.port,
               probe.answer());
    return 1;
  }
  fmt::print("{}: {} bytes a request, {} requests/s on {} connections for {} s\n", settings.name,
             Request(false).size(), settings.rate, settings.connections, settings.seconds);
  Outcome outcome;
  const double cpu_before = settings.pid > 0 ? ProcessSeconds(settings.pid) : 0;
  const auto start = Clock::now() + std::chrono::milliseconds(100);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < settings.connections; ++i) {
      threads.emplace_back([&, i] { Load(settings, i, start, outcome); });
    }
  }
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  auto& all = outcome.latencies_us;
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all[static_cast<size_t>(part * static_cast<double>(all.size() - 1))];
  };
  const double reached = static_cast<double>(all.size()) / wall;
  fmt::print("requests {}  errors {}  {:.0f}/s  p50 {} us  p99 {} us  p99.9 {} us  max {} us\n",
             all.size(), outcome.errors, reached, at(0.5), at(0.99), at(0.999), all.back());
  if (settings.pid > 0) {
    const double cpu = ProcessSeconds(settings.pid) - cpu_before;
    fmt::print("server {:.2f} CPU-s, {:.1f} us a request, peak {} KB\n", cpu,
               cpu * 1e6 / static_cast<double>(all.size()), PeakKilobytes(settings.pid));
  }
  return outcome.errors == 0 && reached >= 0.99 * settings.rate ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string value = i + 1 < words.size() ? words[i + 1] : "";
    const auto number = [&] { return std::max(1, std::atoi(value.c_str())); };
    if (words[i] == "--pid") {
      settings.pid = number();
    } else if (words[i] == "--rate") {
      settings.rate = number();
    } else if (words[i] == "--seconds") {
      settings.seconds = number();
    } else if (words[i] == "--connections") {
      settings.connections = number();
    } else if (words[i] == "--name") {
      settings.name = value;
    } else if (i == 0) {
      settings.port = static_cast<uint16_t>(std::atoi(words[0].c_str()));
      continue;
    } else {
      fmt::print(stderr, "admission_load: unknown option {}\n", words[i]);
      return 2;
    }
    ++i;
  }
  return Run(settings);
}
