// What reading the coverage of libraries costs, against two peers in the same minutes: bare preads of the same headers,
// the least that any reader must do, and `cuobjdump --list-elf` of NVIDIA where it is given. The two take turns; every
// figure is the median of the rounds, with the files in the page cache unless said otherwise.
//   coverage_bench [--rounds N] [--cuobjdump PROGRAM] [--limit RATIO] FILE…
// Exit status 1 when the header pass over all the files takes more than RATIO (1.5) times the bare preads.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/fatbin_coverage.h"

using namespace varve;

namespace {

constexpr std::size_t kHeaderBytes = 128;  // what the reader asks for at a time

struct Library {
  std::string path;
  FileReader file;
  std::vector<std::uint64_t> headers;  // where they stand
  std::vector<double> reader, bare, exact;
  bool has_code = false;
};

struct Options {
  int rounds = 15;
  double limit = 1.5;
  std::string cuobjdump;
};

double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Work>
double seconds(clockid_t clock, const Work& work) {
  const double start = now(clock);
  work();
  return now(clock) - start;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Bytes that this process has read so far, from the kernel's account.
std::uint64_t bytes_read() {
  std::ifstream account("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  account >> name >> value;
  return value;
}

void read_bare(const Library& library) {
  std::byte buffer[kHeaderBytes];
  for (std::uint64_t offset : library.headers) {
    const ssize_t got = pread(library.file.fd(), buffer, sizeof buffer, static_cast<off_t>(offset));
    if (got <= 0) std::abort();
  }
}

std::optional<Library> open_library(const std::string& path) {
  auto file = FileReader::open(FileHandle(open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  if (!file) return std::nullopt;
  Library library{path, *file, {}, {}, {}, {}};
  const auto walk = walk_code(library.file, path, CodePass::headers, [&](const CodePlace&, const FatbinRegion& region) {
    library.headers.push_back(region.offset);
    for (std::size_t i = 1; i < region.entries.size(); ++i) library.headers.push_back(region.entries[i].offset);
  });
  if (!walk) return std::nullopt;
  library.has_code = !library.headers.empty() || !walk->elsewhere.empty();
  return library;
}

void measure(std::vector<Library>& libraries, int rounds) {
  constexpr clockid_t kClock = CLOCK_PROCESS_CPUTIME_ID;
  for (int round = 0; round < rounds; ++round) {
    for (Library& library : libraries) {
      const auto reader = [&] {
        library.reader.push_back(seconds(kClock, [&] { (void)read_coverage(library.file, library.path); }));
      };
      const auto bare = [&] { library.bare.push_back(seconds(kClock, [&] { read_bare(library); })); };
      if (round % 2 == 0) reader();
      bare();
      if (round % 2 == 1) reader();
      if (library.has_code && round < 5) {
        library.exact.push_back(seconds(kClock, [&] { (void)read_exact_coverage(library.file, library.path); }));
      }
    }
  }
}

std::string milliseconds(double value) { return fmt::format("{:.2f}", value * 1e3); }

// The first read of files that the page cache does not hold, as far as the kernel lets go of them.
void measure_cold(std::vector<Library>& libraries) {
  const auto cold = [&](const auto& work) {
    double total = 0;
    for (Library& library : libraries) {
      posix_fadvise(library.file.fd(), 0, 0, POSIX_FADV_DONTNEED);
      total += seconds(CLOCK_MONOTONIC, [&] { work(library); });
    }
    return total;
  };
  const double headers = cold([](Library& library) { (void)read_coverage(library.file, library.path); });
  const double exact = cold([](Library& library) { (void)read_exact_coverage(library.file, library.path); });
  fmt::print("cold, once: header pass {} ms, exact pass {} ms\n", milliseconds(headers), milliseconds(exact));
}

void measure_cuobjdump(const std::vector<Library>& libraries, const Options& options) {
  if (options.cuobjdump.empty()) return;
  const auto largest = std::max_element(libraries.begin(), libraries.end(), [](const Library& a, const Library& b) {
    return a.headers.size() * a.file.size() < b.headers.size() * b.file.size();
  });
  std::vector<double> times;
  for (int round = 0; round < 3; ++round) {
    times.push_back(seconds(CLOCK_MONOTONIC, [&] {
      const pid_t child = fork();
      if (child == 0) {
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        execl(options.cuobjdump.c_str(), "cuobjdump", "--list-elf", largest->path.c_str(), nullptr);
        _exit(127);
      }
      int status = 0;
      waitpid(child, &status, 0);
      if (status != 0) fmt::print(stderr, "cuobjdump ended with status {}\n", status);
    }));
  }
  const double reader = median(largest->reader);
  fmt::print("{}: cuobjdump --list-elf {} ms, header pass {} ms, {:.0f} times faster\n", largest->path,
             milliseconds(median(times)), milliseconds(reader), median(times) / reader);
}

int run(const Options& options, std::vector<Library>& libraries) {
  measure(libraries, options.rounds);
  double reader = 0, bare = 0, exact = 0;
  std::uint64_t size = 0, headers = 0;
  fmt::print("{:>9} {:>8} {:>9} {:>9} {:>6} {:>9}\n", "size", "headers", "pass ms", "pread ms", "ratio", "exact ms");
  for (const Library& library : libraries) {
    const double own = median(library.reader), peer = median(library.bare);
    reader += own;
    bare += peer;
    exact += median(library.exact);
    size += library.file.size();
    headers += library.headers.size();
    if (library.headers.size() < 500) continue;  // the small ones are in the sum
    fmt::print("{:>9} {:>8} {:>9} {:>9} {:>6.2f} {:>9} {}\n", format_bytes(library.file.size()), library.headers.size(),
               milliseconds(own), milliseconds(peer), own / peer, milliseconds(median(library.exact)),
               library.path.substr(library.path.rfind('/') + 1));
  }
  const std::uint64_t before = bytes_read();
  for (const Library& library : libraries) (void)read_coverage(library.file, library.path);
  const std::uint64_t read = bytes_read() - before;
  fmt::print("{} files, {}, {} headers: header pass {} ms, bare preads {} ms, ratio {:.2f}; exact pass {} ms\n",
             libraries.size(), format_bytes(size), headers, milliseconds(reader), milliseconds(bare), reader / bare,
             milliseconds(exact));
  fmt::print("read by the header pass: {}, {} of the files\n", format_bytes(read),
             format_percent(static_cast<double>(read) / static_cast<double>(size)));
  measure_cuobjdump(libraries, options);
  measure_cold(libraries);
  if (reader <= options.limit * bare) return 0;
  fmt::print(stderr, "the header pass takes more than {} times the bare preads\n", options.limit);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<Library> libraries;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rounds" && i + 1 < argc) {
      options.rounds = static_cast<int>(parse_integer(argv[++i]).value_or(15));
    } else if (argument == "--limit" && i + 1 < argc) {
      options.limit = parse_number(argv[++i]).value_or(1.5);
    } else if (argument == "--cuobjdump" && i + 1 < argc) {
      options.cuobjdump = argv[++i];
    } else if (auto library = open_library(argument)) {
      libraries.push_back(std::move(*library));
    }
  }
  if (libraries.empty()) {
    fmt::print(stderr, "usage: coverage_bench [--rounds N] [--cuobjdump PROGRAM] [--limit RATIO] FILE…\n");
    return 2;
  }
  return run(options, libraries);
}
