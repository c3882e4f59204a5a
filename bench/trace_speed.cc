// How fast traces of PyTorch's profiler are read, as ratios against a bare read of the same bytes and against ISA-L's
// bare inflate, medians of rounds in which each is measured right after the other. How fast a bare read is depends on
// how the file lies in the page cache more than on the processor: so it is measured both for a file as it was just
// written and for one in single pages, and beside it counting lines, which looks at every byte.
//   trace_speed TRACES [MEGABYTES [ROUNDS]]     TRACES holds the folder kineto/ of real traces
// A trace of at least so many megabytes (1000) is spliced from their events in a temporary folder.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/at_once.h"
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
struct Events final : ScanSink {
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
  void total(const TraceEvent&, const Extra*, const Durations&, std::int64_t) override {}
  void fact(std::string_view, Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override { fail("damage in the spliced trace"); }
};

void read_kernels(const std::string& path, std::size_t threads) {
  Sum sum;
  TraceOptions options{.device_only = true};
  options.threads = threads;
  if (!kKineto.read(*open_input(path), sum, options) || sum.kernels == 0) fail("no kernels");
}

void read_columns(const std::string& path, std::size_t threads) {
  Timeline timeline;
  TraceOptions options;
  options.threads = threads;
  if (!kKineto.read(*open_input(path), timeline, options) || timeline.size() == 0) fail("no events");
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

// What `wc -l` does: a look at every byte that needs no more than the C library.
void count_lines(const std::string& path) {
  std::uint64_t lines = 0;
  each_piece(path, [&](std::span<std::byte> piece, bool) {
    const std::byte* end = piece.data() + piece.size();
    for (const std::byte* at = piece.data(); at < end; ++at, ++lines) {
      at = static_cast<const std::byte*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      if (at == nullptr) break;
    }
  });
  if (lines == 0) fail("a trace without lines");
}

struct Task {
  const char* name;
  std::function<void()> work;
  std::size_t bare;  // of the list: what it is held against
  double limit = 0;
};

struct Measured {
  std::vector<double> wall, cpu;
  long peak_mb = 0;
};

double ratio(const std::vector<double>& of, const std::vector<double>& to) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < of.size(); ++i) ratios.push_back(of[i] / to[i]);
  return median(ratios);
}

// Every round does each once, one right after the other.
void measure_all(const std::vector<Task>& tasks, int rounds, double bytes) {
  std::vector<Measured> measured(tasks.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Usage usage = measure(tasks[i].work);
      measured[i].wall.push_back(usage.wall_s);
      measured[i].cpu.push_back(usage.cpu_s);
      measured[i].peak_mb = std::max(measured[i].peak_mb, usage.peak_mb);
    }
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Measured& one = measured[i];
    const Measured& bare = measured[tasks[i].bare];
    std::printf("  %-24s %.3f s wall %.3f s CPU %5.1f GB/s %4ld MB", tasks[i].name, median(one.wall), median(one.cpu),
                bytes / median(one.cpu) / 1e9, one.peak_mb);
    if (tasks[i].limit > 0) {
      std::printf("  %5.2f x %s by CPU, %.2f by wall (limit %.1f)", ratio(one.cpu, bare.cpu), tasks[tasks[i].bare].name,
                  ratio(one.wall, bare.wall), tasks[i].limit);
    }
    std::printf("\n");
  }
}

// Out of the page cache and in again, a page at a time: as a file lies there that was read in while memory was short.
// One that was just written lies in pieces of up to megabytes, and reading it costs a third.
void read_in_small_pages(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || ::fsync(file) != 0 || ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0 ||
      ::posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) != 0) {
    fail(path);
  }
  std::vector<char> piece(std::size_t{256} << 10);
  off_t at = 0;
  for (ssize_t got = 1; got > 0; at += got) got = ::pread(file, piece.data(), piece.size(), at);
  ::close(file);
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
  const auto bytes = static_cast<double>(std::filesystem::file_size(plain));
  const std::size_t threads = usable_processors();
  std::printf("%.1f MB plain, %.1f MB gzip, medians of %d rounds, %zu processors\n", bytes / 1e6,
              static_cast<double>(std::filesystem::file_size(packed)) / 1e6, rounds, threads);
  const std::vector<Task> tasks = {
      {"pread", [&] { read_bare(plain); }, 0},
      {"lines", [&] { count_lines(plain); }, 0},
      {"inflate", [&] { (void)inflate_gzip_to_nowhere(packed); }, 2},
      {"kernels only, .gz", [&] { read_kernels(packed, 1); }, 2, 2},
      {"kernels only, 1 thread", [&] { read_kernels(plain, 1); }, 0, 2.5},
      {"kernels only, all", [&] { read_kernels(plain, threads); }, 0, 2.5},
      {"all columns, 1 thread", [&] { read_columns(plain, 1); }, 0, 7},
      {"all columns, all", [&] { read_columns(plain, threads); }, 0, 7},
  };
  std::printf("as just written\n");
  measure_all(tasks, rounds, bytes);
  read_in_small_pages(plain);
  read_in_small_pages(packed);
  std::printf("in pages of 4 KiB\n");
  measure_all(tasks, rounds, bytes);
  std::filesystem::remove_all(folder);
}
