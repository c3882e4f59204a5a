// How fast a log is read for the messages that are known, as a ratio against RE2 (the library that the patterns are
// written for) asked in the same run, line by line, whether one pattern of five alternatives stands in the line, and
// beside it counting lines with memchr, which looks at every byte. Medians of rounds in which each is measured right
// after the other, in seconds of the processor.
//   log_speed [MEGABYTES [ROUNDS]]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "line_limits.h"
#include "rules/log/log_reader.h"

namespace {
using namespace varve;
using namespace varve::bench;
constexpr const char* kMessages[] = {
    "RuntimeError: CUDA error: no kernel image is available for execution on the device",
    "NCCL WARN Cuda failure 1 'invalid argument'",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {} MiB",
    "ImportError: libcudart.so.12: cannot open shared object file: No such file or directory",
    "CUDA error: device-side assert triggered",
};

// Lines as a training writes them; `message` yields what stands behind the prefix of line i.
template <class Message>
std::string make_log(std::size_t bytes, const char* level, Message message) {
  std::string log;
  for (std::size_t i = 0; log.size() < bytes; ++i) {
    log += fmt::format("2026-11-29 11:{:02}:{:02},{:03} {} [rank{}] {}\n", i % 60, i * 7 % 60, i % 1000, level, i % 8,
                       message(i));
  }
  return log;
}

std::string training_line(std::size_t i) {
  return fmt::format("step {} loss {:.5f} lr 3.0e-04 grad_norm 1.{:04} tokens/s {}", i,
                     9.0 / static_cast<double>(i + 1), i * 31 % 9973, 70000 + i * 17 % 9000);
}

void measure(const char* name, const std::string& log, const ErrorPatterns& patterns, std::size_t rounds) {
  const RE2 pattern("no kernel image|CUDA out of memory|invalid argument|cannot open shared object|device-side assert");
  std::vector<double> own, peer, bare;
  std::size_t errors = 0, guard = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    own.push_back(seconds_of([&] { errors = read_log_text(log, patterns).errors.size(); }));
    peer.push_back(seconds_of([&] { guard += lines_with(log, pattern); }));
    bare.push_back(seconds_of([&] { guard += count_lines(log); }));
  }
  const double megabytes = static_cast<double>(log.size()) / 1e6;
  fmt::print(
      "{:34} {:7.1f} MB/s; one pattern by RE2, line by line {:7.1f} MB/s ({:4.2f} of it); memchr {:8.0f} MB/s "
      "({:5.3f}); {} kinds of error\n",
      name, megabytes / median(own), megabytes / median(peer), median(peer) / median(own), megabytes / median(bare),
      median(bare) / median(own), errors);
  if (guard == 0) std::abort();
}
}  // namespace

int main(int count, char** arguments) {
  const std::size_t megabytes = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 32;
  const std::size_t rounds = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 5;
  const Result<Knowledge> knowledge = load_knowledge();
  if (!knowledge) return fmt::print("{}\n", to_text(knowledge.error())), 1;
  const Result<ErrorPatterns> patterns = load_error_patterns(*knowledge);
  if (!patterns) return fmt::print("{}\n", to_text(patterns.error())), 1;
  const std::size_t bytes = megabytes * 1'000'000;
  measure("no line matches", make_log(bytes, "INFO", training_line), *patterns, rounds);
  measure("one line in a hundred",
          make_log(bytes, "INFO",
                   [](std::size_t i) { return i % 100 == 0 ? std::string(kMessages[i / 100 % 5]) : training_line(i); }),
          *patterns, rounds);
  measure("every line, one message", make_log(bytes, "ERROR", [](std::size_t) { return std::string(kMessages[0]); }),
          *patterns, rounds);
  measure("every line, five messages",
          make_log(bytes, "ERROR", [](std::size_t i) { return std::string(kMessages[i % 5]); }), *patterns, rounds);
  measure("every line, another number in each",
          make_log(bytes, "ERROR",
                   [](std::size_t i) {
                     return fmt::format("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {}.{:02} GiB",
                                        i % 80, i % 100);
                   }),
          *patterns, rounds);
  return 0;
}
