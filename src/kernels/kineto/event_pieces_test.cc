#include "kernels/kineto/event_pieces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "kernels/kineto/kineto_testing.h"

namespace varve {
namespace {
using test::RecordedTrace;

// All that was told, in its order; what readers number by what they meet first included.
std::string told(const RecordedTrace& trace) {
  std::string text;
  for (const auto& [id, name] : trace.names) text += fmt::format("name {} {}\n", static_cast<unsigned>(id), name);
  for (const auto& [id, track] : trace.tracks) text += fmt::format("track {}\n", static_cast<unsigned>(id));
  for (const auto& [event, extra] : trace.events) {
    text += fmt::format("{} {} {} {} {}", static_cast<int>(event.activity), event.start_ns, event.duration_ns,
                        static_cast<unsigned>(event.name), static_cast<unsigned>(event.track));
    if (extra) {
      text += fmt::format(" {} {} {} {} {}", static_cast<unsigned>(extra->operation), extra->correlation, extra->bytes,
                          static_cast<unsigned>(extra->group), extra->launch.grid[0]);
    }
    text += '\n';
  }
  for (const auto& [id, fact] : trace.facts) text += id + '\n';
  for (const std::string& what : trace.not_seen) text += what + '\n';
  for (const auto& [at, what] : trace.damage) text += fmt::format("{} {}\n", at, what);
  return text + fmt::format("{}\n", trace.kinds_traced.size());
}

Result<FileReader> file_of(const std::string& text) {
  FileHandle handle(::memfd_create("trace", MFD_CLOEXEC));
  EXPECT_EQ(::write(handle.fd(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return FileReader::open(std::move(handle), "made.json");
}

std::string read_file_of(const std::string& text, const TraceOptions& options) {
  RecordedTrace trace;
  const auto file = file_of(text);
  const auto input = open_trace(*file, "made.json");
  const Status status = kKineto.read(**input, trace, options);
  return told(trace) + (status ? "" : status.error().found);
}

std::string in_pieces(const std::string& text, std::size_t threads, std::size_t bytes, bool device_only = false) {
  TraceOptions options{.device_only = device_only};
  options.threads = threads;
  options.piece_bytes = bytes;
  return read_file_of(text, options);
}

std::string in_order(const std::string& text, bool device_only = false) {
  return read_file_of(text, {.device_only = device_only});
}

// Operators, calls, kernels, Python's calls and arrows, as Kineto writes them, with sizes that differ.
std::string made_trace(std::mt19937_64& random, const std::string& separator, int events) {
  std::string text = "{\"schemaVersion\": 1,\n  \"traceEvents\": [\n  ";
  for (int i = 0; i < events; ++i) {
    if (i > 0) text += separator;
    const auto number = static_cast<int>(random() % 1000);
    const std::string filler(random() % 90, 'x');
    switch (random() % 5) {
      case 0:
        text += fmt::format(R"({{"ph": "X", "cat": "cpu_op", "name": "aten::op{}", "pid": 1, "tid": 1, "ts": {}, )"
                            R"("dur": 5, "args": {{"External id": {}, "Input Dims": [[{}, 2], []]}}}})",
                            number % 7, 10 * i, i, number);
        break;
      case 1:
        text += fmt::format(R"({{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 1, "tid": 1, )"
                            R"("ts": {}, "dur": 1, "args": {{"correlation": {}, "External id": {}}}}})",
                            10 * i, i, number);
        break;
      case 2:
        text +=
            fmt::format(R"({{"ph": "X", "cat": "kernel", "name": "k{}<{}>", "pid": 0, "tid": {}, "ts": {}.5, )"
                        R"("dur": 3, "args": {{"correlation": {}, "device": 0, "stream": {}, "grid": [{}, 1, 1]}}}})",
                        number % 11, filler, number % 3, 10 * i, number, number % 3, number);
        break;
      case 3:
        text += fmt::format(R"({{"ph": "X", "cat": "python_function", "name": "f: {{{}}}", "ts": {}, "dur": 1}})",
                            filler, i);
        break;
      default:
        text += fmt::format(R"({{"ph": "s", "id": {}, "pid": 1, "tid": 1, "ts": {}, "cat": "ac2g", "name": "ac2g"}})",
                            i, i);
    }
  }
  return text + "\n  ],\n  \"traceName\": \"made\"}\n";
}

struct Places final : EventPiece {
  std::vector<std::uint64_t> places;
  void clear() override { places.clear(); }
  void event(std::string_view, std::uint64_t at) override { places.push_back(at); }
};

// All but what stands in front of the first and behind the last of them.
TEST(EventPieces, AreNearlyAllOfATraceWithNothingUnusualInIt) {
  std::mt19937_64 random(4);
  const std::string text = made_trace(random, ",\n  ", 2000);
  const auto file = file_of(text);
  const std::uint64_t first = text.find("{\"ph\"");
  EventStyle style;
  style.alike = 10;
  EventPieces pieces(*file, first, style, {.threads = 3, .bytes = 1000}, [] { return std::make_unique<Places>(); });
  std::uint64_t at = first, taken = 0, events = 0, ask_again = 0;
  while (ask_again != UINT64_MAX) {
    const EventPieces::Walked* piece = pieces.at(at, ask_again);
    if (piece == nullptr) {
      at = ask_again;
      continue;
    }
    const auto& places = static_cast<const Places&>(*piece->made).places;
    ASSERT_EQ(places.size(), piece->events);
    for (const std::uint64_t place : places) EXPECT_EQ(text.substr(place, 6), "{\"ph\":");
    EXPECT_EQ(places.front(), at);
    taken += piece->end - at;
    events += piece->events;
    at = piece->end;
    pieces.done();
  }
  EXPECT_GT(taken, text.size() - 5000);
  EXPECT_GT(events, 1950u);
}

TEST(EventPieces, OfAWholeTraceTheyTellWhatReadingInOrderTells) {
  std::mt19937_64 random(1);
  for (const char* separator : {",\n  ", ", ", ",", ",\n    \t"}) {
    const std::string text = made_trace(random, separator, 400);
    for (const bool device_only : {false, true}) {
      const std::string expected = in_order(text, device_only);
      EXPECT_NE(expected.find("name 3"), std::string::npos);
      for (const std::size_t bytes : {37u, 128u, 300u, 1000u, 4096u}) {
        for (const std::size_t threads : {2u, 3u, 8u}) {
          EXPECT_EQ(in_pieces(text, threads, bytes, device_only), expected) << separator << bytes << ' ' << threads;
        }
      }
    }
  }
}

// Bytes changed, taken out, and events put where they do not belong: into names and between others.
std::string damaged(std::string text, std::mt19937_64& random) {
  constexpr std::string_view kPut[] = {
      "\"",
      "\\",
      "{",
      "}",
      "]",
      "[",
      ",",
      "\n",
      "\xff",
      "}, {",
      ",\n  {\"ph\": \"X\", \"cat\": \"kernel\"",
      "},\n  {\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"put\", \"ts\": 1, \"dur\": 2},\n  ",
      "\"},\n  {\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"put",
      "{\"name\": 5}"};
  for (std::size_t times = 1 + random() % 3; times > 0; --times) {
    const std::size_t at = random() % text.size();
    switch (random() % 3) {
      case 0:
        text[at] = static_cast<char>(random() % 128);
        break;
      case 1:
        text.erase(at, random() % 300);
        break;
      default:
        text.insert(at, kPut[random() % std::size(kPut)]);
    }
    if (text.empty()) text = " ";
  }
  return text;
}

TEST(EventPieces, OfADamagedTraceTheyTellWhatReadingInOrderTells) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    const std::string text = damaged(made_trace(random, round % 4 == 0 ? ", " : ",\n  ", 60), random);
    const std::size_t bytes = 16 + random() % 900;
    EXPECT_EQ(in_pieces(text, 2 + random() % 3, bytes), in_order(text)) << round << '\n' << text;
  }
}

// A program that changes how it writes is read in order from there on.
TEST(EventPieces, EndWhereTheStyleChanges) {
  std::mt19937_64 random(3);
  std::string text = made_trace(random, ",\n  ", 300);
  std::string other = made_trace(random, ",\n\n", 300);
  text.replace(text.rfind("\n  ]"), std::string::npos, ",\n\n" + other.substr(other.find("{\"ph\"")));
  EXPECT_EQ(in_pieces(text, 3, 200), in_order(text));
}

TEST(EventPieces, OfRealTracesTheyTellWhatReadingInOrderTells) {
  const auto folder = test::real_trace("kineto");
  if (!folder) GTEST_SKIP() << "no real traces here";
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const auto file = FileReader::open(FileHandle(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)), "real");
    const auto input = open_trace(*file, "real");
    const auto whole = whole_file(**input);
    const std::string text = whole->start(0, whole->size()).value_or("");
    if (text.size() > 3'000'000) continue;
    EXPECT_EQ(in_pieces(text, 3, 5000), in_order(text)) << entry.path();
    EXPECT_EQ(in_pieces(text, 2, 65536, true), in_order(text, true)) << entry.path();
  }
}

}  // namespace
}  // namespace varve
