#include "feed/gunzip.h"

#include <dlfcn.h>
#include <zlib.h>

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"

namespace ouro::feed {
namespace {

constexpr size_t kChunkSizeBytes = 256 << 10;
constexpr std::string_view kMagic = "\x1f\x8b";
// zlib: 15 bits of window, 16 added for a gzip header.
constexpr int kGzipWindow = 15 + 16;

// The four functions of zlib that are used.
struct Zlib {
  int (*init)(z_streamp, int, const char*, int) = nullptr;
  int (*step)(z_streamp, int) = nullptr;
  int (*reset)(z_streamp) = nullptr;
  int (*end)(z_streamp) = nullptr;

  template <typename Function>
  static void Find(void* handle, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(handle, name));
  }
  bool ok() const {
    return init != nullptr && step != nullptr && reset != nullptr && end != nullptr;
  }
  static const Zlib& Get() {
    static const Zlib kZlib = Load();
    return kZlib;
  }
  static Zlib Load() {
    Zlib zlib;
    void* const handle = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return zlib;
    Find(handle, "inflateInit2_", zlib.init);
    Find(handle, "inflate", zlib.step);
    Find(handle, "inflateReset", zlib.reset);
    Find(handle, "inflateEnd", zlib.end);
    return zlib;
  }
};

}  // namespace

struct Gunzip::State {
  Sink sink;
  std::string head;  // until the first two bytes are known
  bool decided = false;
  bool packed = false;
  bool between = false;  // a member has ended and no other has begun
  z_stream stream{};
  bool started = false;
  int64_t size_bytes = 0;
  std::vector<unsigned char> chunk = std::vector<unsigned char>(kChunkSizeBytes);

  Status Begin();
  Status Inflate(std::string_view bytes);
  Status Give(std::string_view bytes);
};

Status Gunzip::State::Begin() {
  const Zlib& zlib = Zlib::Get();
  if (!zlib.ok()) {
    return Fail(ErrorCode::kUnsupported,
                "this is packed with gzip and zlib (libz.so.1) is not installed; unpack it first");
  }
  if (zlib.init(&stream, kGzipWindow, ZLIB_VERSION, static_cast<int>(sizeof(stream))) != Z_OK) {
    return Fail(ErrorCode::kIo, "zlib cannot begin");
  }
  started = true;
  return {};
}

Status Gunzip::State::Give(std::string_view bytes) {
  size_bytes += static_cast<int64_t>(bytes.size());
  if (size_bytes > limits::kFeedArchiveSizeBytes) {
    return Fail(ErrorCode::kLimit,
                fmt::format("it unpacks to more than {} bytes", limits::kFeedArchiveSizeBytes));
  }
  return sink(bytes);
}

Status Gunzip::State::Inflate(std::string_view bytes) {
  const Zlib& zlib = Zlib::Get();
  // zlib does not write to its input, but its type says so.
  stream.next_in = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  stream.avail_in = static_cast<unsigned int>(bytes.size());
  while (stream.avail_in > 0) {
    if (between) {
      if (zlib.reset(&stream) != Z_OK) return Fail(ErrorCode::kIo, "zlib cannot begin again");
      between = false;
    }
    stream.next_out = chunk.data();
    stream.avail_out = static_cast<unsigned int>(chunk.size());
    const int result = zlib.step(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      return Fail(ErrorCode::kParse, "the gzip data is damaged");
    }
    OURO_TRY_STATUS(
        Give({reinterpret_cast<const char*>(chunk.data()), chunk.size() - stream.avail_out}));
    between = result == Z_STREAM_END;
  }
  return {};
}

Gunzip::Gunzip(Sink sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
}

Gunzip::~Gunzip() {
  if (state_->started) Zlib::Get().end(&state_->stream);
}

Status Gunzip::Add(std::string_view bytes) {
  State& state = *state_;
  std::string begun;
  if (!state.decided) {
    state.head += bytes;
    if (state.head.size() < kMagic.size()) return {};
    state.decided = true;
    state.packed = std::string_view(state.head).substr(0, kMagic.size()) == kMagic;
    if (state.packed) OURO_TRY_STATUS(state.Begin());
    begun = std::move(state.head);
    bytes = begun;
  }
  return state.packed ? state.Inflate(bytes) : state.Give(bytes);
}

Status Gunzip::Finish() {
  State& state = *state_;
  if (!state.decided) return state.head.empty() ? Status() : state.Give(state.head);
  if (state.packed && !state.between) {
    return Fail(ErrorCode::kParse, "the gzip data is cut short");
  }
  return {};
}

}  // namespace ouro::feed
