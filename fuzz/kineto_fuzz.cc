#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <random>
#include <string>

#include "kernels/formats/trace_formats.h"
#include "kernels/kineto/kineto.h"
#include "kernels/kineto/kineto_reference_testing.h"
#include "kernels/trace/trace_input.h"

namespace {
using varve::Activity;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// Adds up as the reference does, and holds the reader to the contract of sinks.
struct Sums final : varve::TraceSink {
  varve::test::Reference by_key;
  varve::test::Reference on_devices;
  std::map<varve::NameId, std::string> names;
  std::size_t tracks = 0;
  bool is_damaged = false;

  void name(varve::NameId id, const varve::TraceName& name) override {
    require(static_cast<std::size_t>(id) == names.size());
    names[id] = std::string(name.text);
  }
  void track(varve::TrackId id, const varve::Place&, varve::TrackKind) override {
    require(static_cast<std::size_t>(id) == tracks++);
  }
  void event(const varve::TraceEvent& event, const varve::Extra* extra) override {
    require(event.start_ns >= 0 && event.duration_ns >= 0);
    require(names.contains(event.name) && static_cast<std::size_t>(event.track) < tracks);
    if (extra != nullptr && extra->operation != varve::kNoName) require(names.contains(extra->operation));
    add(by_key, key_of(event.activity, names[event.name]), event.duration_ns);
    if (extra != nullptr && is_on_device(event.activity)) add(on_devices, names[event.name], event.duration_ns);
  }
  void total(const varve::TraceEvent&, const varve::Extra*, const varve::Durations&, std::int64_t) override {
    require(false);
  }
  void fact(std::string_view, varve::Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override { is_damaged = true; }

 private:
  static void add(varve::test::Reference& sums, const std::string& key, std::int64_t ns) {
    ++sums[key].count;
    sums[key].total_ns =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[key].total_ns) + static_cast<std::uint64_t>(ns));
  }
  static bool is_on_device(Activity activity) {
    return activity == Activity::kernel || activity == Activity::collective || activity == Activity::copy ||
           activity == Activity::fill;
  }
  static std::string key_of(Activity activity, const std::string& name) {
    if (activity == Activity::kernel || activity == Activity::collective) return "kernel " + name;
    if (activity == Activity::copy) return "copy " + name;
    if (activity == Activity::fill) return "fill " + name;
    return activity == Activity::operation || activity == Activity::region ? "host" : "call " + name;
  }
};

Sums read(std::string_view text, bool device_only) {
  Sums sums;
  const auto input = varve::trace_of_bytes(std::as_bytes(std::span(text)), "fuzz");
  (void)varve::kKineto.read(*input, sums, {.device_only = device_only});
  return sums;
}
// The same from a file, pieces of which are read by several threads.
Sums read_in_pieces(std::string_view text, std::size_t bytes) {
  varve::FileHandle handle(::memfd_create("fuzz", MFD_CLOEXEC));
  require(::write(handle.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  const auto file = varve::FileReader::open(std::move(handle), "fuzz");
  const auto input = varve::open_trace(*file, "fuzz");
  Sums sums;
  varve::TraceOptions options;
  options.threads = 2;
  options.piece_bytes = bytes;
  if (input && (*input)->file() != nullptr) (void)varve::kKineto.read(**input, sums, options);
  return sums;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)varve::find_trace_format(std::as_bytes(std::span(text)));
  const Sums all = read(text, false), devices = read(text, true);
  require(all.on_devices == devices.on_devices);
  if (size > 0 && data[0] != 0x1f && data[0] != 0x28) {  // neither gzip nor zstd
    const Sums pieces = read_in_pieces(text, 16 + size % 400);
    require(pieces.by_key == all.by_key && pieces.is_damaged == all.is_damaged);
  }
  const auto reference = varve::test::reference_of(text);
  if (!reference) return 0;
  require(all.by_key == *reference);
  std::mt19937_64 random(size);
  for (int round = 0; round < 3; ++round) {
    const Sums respelled = read(*varve::test::respelled(text, random), false);
    require(respelled.by_key == *reference && respelled.is_damaged == all.is_damaged);
  }
  return 0;
}
