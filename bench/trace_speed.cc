// How fast traces of PyTorch's profiler are read, as ratios against a bare read of the same bytes and against ISA-L's
// bare inflate, medians of rounds in which each is measured right after the other.
//   trace_speed TRACES [MEGABYTES [ROUNDS]]     TRACES holds the folder kineto/ of real traces
// A trace of at least so many megabytes (1000) is spliced from their events in a temporary folder.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gzip_loops.h"
#include "kernels/kineto/event_scanner.h"
#include "kernels/kineto/kineto.h"
#include "kernels/trace/timeline.h"
#include "kernels/trace/trace_input.h"

namespace {
using namespace varve;

// One of each layout: Kineto's own, one line, and written again with indentation; with and without Python's calls.
constexpr const char* kSpliced[] = {"flux-mi300x-sage",
                                    "hta-control-a100",
                                    "b200-eager",
                                    "flux-mi300x-fmha",
                                    "resnet50-v100-workers0",
                                    "v100-ns-resolution",
                                    "h100-Falconsai_nsfw_image_detection__1016002"};

std::unique_ptr<TraceInput> open_input(const std::string& path) {
  auto input = open_trace(open_file(path), path);
  if (!input) fail(path);
  return std::move(*input);
}

// The events of a trace as they stand there, with what is between them left out.
struct Events final : EventSink {
  std::string text;
  void event(std::string_view object, std::uint64_t) override {
    if (!text.empty()) text += ",\n  ";
    text += object;
  }
  void member(std::string_view, std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override { fail("a damaged trace"); }
};

void splice(const std::string& traces, std::uint64_t size, const std::string& to) {
  std::ofstream out(to, std::ios::binary);
  out << "{\"schemaVersion\": 1, \"traceEvents\": [\n  ";
  std::vector<std::string> parts;
  for (const char* name : kSpliced) {
    const auto input = open_input(traces + "/kineto/" + name + ".json.gz");
    Events events;
    if (!EventScanner(*input, events).scan()) fail(name);
    parts.push_back(std::move(events.text));
  }
  for (std::size_t i = 0; static_cast<std::uint64_t>(out.tellp()) < size; ++i) {
    if (i > 0) out << ",\n  ";
    out << parts[i % parts.size()];
  }
  out << "\n  ]}\n";
  if (!out.flush()) fail("no room for the spliced trace");
}

void compress(const std::string& from, const std::string& to) {
  std::ofstream out(to, std::ios::binary);
  gzip_file(from, 3, [&](const void* bytes, std::size_t size) {
    out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  });
}

void read_bare(const std::string& path) {
  each_piece(path, [](std::span<std::byte>, bool) {});
}

// Only adds up: what is measured is the reader.
struct Sum final : TraceSink {
  std::uint64_t kernels = 0;
  std::int64_t total_ns = 0;
  void name(NameId, const TraceName&) override {}
  void track(TrackId, const Place&, TrackKind) override {}
  void event(const TraceEvent& event, const Extra*) override {
    ++kernels;
    total_ns += event.duration_ns;
  }
  void fact(std::string_view, Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override { fail("damage in the spliced trace"); }
};

void read_kernels(const std::string& path) {
  Sum sum;
  if (!kKineto.read(*open_input(path), sum, {.device_only = true}) || sum.kernels == 0) fail("no kernels");
}

void read_columns(const std::string& path) {
  Timeline timeline;
  if (!kKineto.read(*open_input(path), timeline, {}) || timeline.size() == 0) fail("no events");
}

struct Usage {
  double wall_s = 0, cpu_s = 0;
  long peak_mb = 0;
};

// In a process of its own, whose peak of memory is that of the work.
Usage measure(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    std::_Exit(0);
  }
  int status = 0;
  rusage usage = {};
  ::wait4(child, &status, 0, &usage);
  if (status != 0) fail("a child failed");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
          seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss / 1024};
}

struct Task {
  const char* name;
  std::function<void()> bare, work;
  double limit;
};

void compare(const Task& task, int rounds) {
  std::vector<double> wall, cpu, seconds;
  long peak = 0;
  for (int i = 0; i < rounds; ++i) {
    const Usage bare = measure(task.bare), work = measure(task.work);
    wall.push_back(work.wall_s / bare.wall_s);
    cpu.push_back(work.cpu_s / bare.cpu_s);
    seconds.push_back(work.cpu_s);
    peak = std::max(peak, work.peak_mb);
  }
  std::printf("%-28s %5.2f x wall  %5.2f x CPU (limit %.1f)  median %.3f s CPU  peak %ld MB\n", task.name, median(wall),
              median(cpu), task.limit, median(seconds), peak);
}
}  // namespace

int main(int count, char** arguments) {
  if (count < 2) fail("usage: trace_speed TRACES [MEGABYTES [ROUNDS]]");
  const std::uint64_t megabytes = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1000;
  const int rounds = count > 3 ? std::atoi(arguments[3]) : 9;
  std::string folder = (std::filesystem::temp_directory_path() / "trace_speed.XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) fail("no temporary folder");
  const std::string plain = folder + "/trace.json", packed = plain + ".gz";
  splice(arguments[1], megabytes << 20, plain);
  compress(plain, packed);
  std::printf("%.1f MB plain, %.1f MB gzip, %d rounds\n", static_cast<double>(std::filesystem::file_size(plain)) / 1e6,
              static_cast<double>(std::filesystem::file_size(packed)) / 1e6, rounds);
  const Task tasks[] = {
      {"kernels only / pread", [&] { read_bare(plain); }, [&] { read_kernels(plain); }, 2.5},
      {"all columns / pread", [&] { read_bare(plain); }, [&] { read_columns(plain); }, 7},
      {"kernels only, .gz / ISA-L", [&] { (void)inflate_gzip_to_nowhere(packed); }, [&] { read_kernels(packed); }, 2},
  };
  for (const Task& task : tasks) compare(task, rounds);
  std::filesystem::remove_all(folder);
}
