#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"

namespace varve {

// What `perf script` prints of a perf.data file (Linux: tools/perf/Documentation/perf-script.txt), one sample after the
// other, the innermost frame first:
//
//   comm  tid [cpu] seconds.fraction:  period event:  ip symbol+offset (dso)
//
//   comm  tid [cpu] seconds.fraction:  period event:
//   <tab>ip symbol+offset (dso)
//   <tab>ip symbol+offset (dso)
//   <empty line>
//
// Where tabs became blanks on the way, and of Android's simpleperf, frames begin with blanks; so do heads, whose
// program's name is put to the right.
//
// Which fields there are depends on -F; the second shape is that of call chains, of which only the innermost frame is
// counted. `--header` puts lines "# name : value" before them.
namespace {

constexpr std::size_t kMostNames = 1'000'000;
constexpr TrackId kThreads{0};

struct Head {
  std::int64_t time_ns = 0;
  std::optional<std::int64_t> period;
  std::string_view event;  // "cpu-clock:ppp"
  std::string_view frame;  // what stands behind it; empty with call chains
};

struct Frame {
  std::string_view symbol, library;
  bool inlined = false;  // the code is part of the function of the next frame
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "3091" or "3091/3092".
bool is_thread(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_number(text);
  return is_number(text.substr(0, slash)) && is_number(text.substr(slash + 1));
}

// "4714.106542:" as nanoseconds; digits below them are cut off.
std::optional<std::int64_t> time_from(std::string_view text) {
  if (!text.ends_with(':')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string_view seconds = text.substr(0, point);
  std::string fraction(text.substr(point + 1, 9));
  if (!is_number(seconds) || !is_number(fraction) || seconds.size() > 9) return std::nullopt;
  fraction.resize(9, '0');
  return *parse_integer(seconds) * 1'000'000'000 + *parse_integer(fraction);
}

// The next word of `rest`, which loses it and the blanks before it.
std::string_view take_word(std::string_view& rest) {
  rest = rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

// A program's name may hold blanks and numbers: the first time that stands behind a thread, with at most a CPU and
// flags between them, is where the fields begin.
std::optional<Head> head_from(std::string_view line) {
  constexpr std::size_t kMostWords = 24, kMostBetween = 2;
  std::string_view rest = line;
  std::size_t since_thread = SIZE_MAX;
  for (std::size_t i = 0; i < kMostWords; ++i) {
    const std::string_view word = take_word(rest);
    if (word.empty()) return std::nullopt;
    const auto time = since_thread <= kMostBetween ? time_from(word) : std::nullopt;
    if (time) {
      Head head{.time_ns = *time};
      std::string_view next = take_word(rest);
      if (is_number(next)) {
        head.period = parse_integer(next);
        next = take_word(rest);
      }
      if (next.size() < 2 || !next.ends_with(':')) return std::nullopt;
      head.event = next.substr(0, next.size() - 1);
      head.frame = trim(rest);
      return head;
    }
    if (is_thread(word) && i > 0) {
      since_thread = 0;
    } else if (since_thread != SIZE_MAX) {
      ++since_thread;
    }
  }
  return std::nullopt;
}

// "1ce456 mro_implementation+0x56 (/usr/lib/libpython3.11.so.1.0)"; the symbol may hold blanks and parentheses, the
// file's name ends in " (deleted)" when it is gone.
std::optional<Frame> frame_from(std::string_view text) {
  text = trim(text);
  const std::string_view address = take_word(text);
  if (address.empty() || address.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  text = trim(text);
  Frame frame{.symbol = text};
  if (text.ends_with(')')) {
    std::string_view without = text;
    constexpr std::string_view kDeleted = " (deleted))";
    if (text.ends_with(kDeleted)) without.remove_suffix(kDeleted.size());
    const std::size_t path = without.rfind(" (/"), special = without.rfind(" (["), any = without.rfind(" (");
    std::size_t open = path != std::string_view::npos ? path : special != std::string_view::npos ? special : any;
    if (open == std::string_view::npos) return std::nullopt;
    ++open;  // the blank
    frame.library = text.substr(open + 1, text.size() - open - 2);
    frame.symbol = trim(text.substr(0, open));
    frame.inlined = frame.library == "inlined";
  }
  const std::size_t plus = frame.symbol.rfind("+0x");
  if (plus != std::string_view::npos &&
      frame.symbol.find_first_not_of("0123456789abcdef", plus + 3) == std::string_view::npos) {
    frame.symbol = frame.symbol.substr(0, plus);
  }
  return frame;
}

bool is_frame(std::string_view line) {
  return line.front() == '\t' || (line.front() == ' ' && !head_from(line) && frame_from(line));
}

// No symbol: "[unknown]", or as simpleperf writes it by the file, "libxul.so[+745758]".
bool is_nameless(std::string_view symbol, std::string_view library) {
  const std::string file = file_name(library);
  return symbol.empty() || symbol == "[unknown]" ||
         (!file.empty() && symbol.starts_with(file) && symbol.substr(file.size()).starts_with("[+"));
}

// Whether the periods of an event are nanoseconds of CPU time.
bool counts_cpu_time(std::string_view event) {
  return event.starts_with("cpu-clock") || event.starts_with("task-clock");
}

class Reader {
 public:
  explicit Reader(TraceSink& sink) : sink_(sink) { sink_.track(kThreads, {}, TrackKind::thread); }

  Status read(TraceInput& input) {
    if (Status read = for_each_line(input, [&](const TraceLines::Line& line) { take_line(line); }); !read) return read;
    end_sample();
    if (samples_ > 0) return Done{};
    return Error{"reading the text of perf script", input.where(), "no line is a sample",
                 "Write it with: perf script -F comm,tid,time,period,event,ip,sym,dso"};
  }

 private:
  void take_line(const TraceLines::Line& line) {
    if (line.too_long) return sink_.damaged(line.at, "a line of more than 64 KiB");
    if (line.text.find('\0') != line.text.npos) return sink_.damaged(line.at, "a line with bytes that are no text");
    if (trim(line.text).empty()) return end_sample();
    if (line.text.front() == '#') return take_header(line.text);
    if (head_ && is_frame(line.text)) {
      if (!take_frame(line.text)) sink_.damaged(line.at, "a frame that is none");
      return;
    }
    end_sample();
    const auto head = head_from(line.text);
    if (!head) return sink_.damaged(line.at, "a line that is neither a sample nor a frame");
    if (event_.empty()) event_ = head->event;
    if (event_ != head->event) {
      // What periods of different events stand for cannot be added.
      sink_.unseen(fmt::format("samples of the event {}: those of {} are counted", head->event, event_));
      return;
    }
    head_ = Sample{.time_ns = head->time_ns, .period = head->period};
    if (head->frame.empty()) return;
    if (!take_frame(head->frame)) sink_.damaged(line.at, "a sample whose function cannot be read");
    end_sample();
  }

  // "# os release : 6.1.0-18-amd64"
  void take_header(std::string_view line) {
    struct Row {
      std::string_view name, fact;
    };
    constexpr std::array rows = {Row{"os release", "os.kernel.release"}, Row{"arch", "os.architecture"},
                                 Row{"cpudesc", "cpu.model"}};
    const std::size_t colon = line.find(" : ");
    if (colon == std::string_view::npos) return;
    const std::string_view name = trim(line.substr(1, colon - 1)), value = trim(line.substr(colon + 3));
    for (const Row& row : rows) {
      if (row.name != name || value.empty()) continue;
      sink_.fact(row.fact, known_fact(clean_utf8(value), fmt::format("perf script --header: {}", name)));
    }
  }

  // Only the innermost frame counts; of inlined functions the library is that of the function they stand in.
  bool take_frame(std::string_view text) {
    if (head_->complete) return true;
    const auto frame = frame_from(text);
    if (!frame) return false;
    if (!head_->has_symbol) head_->symbol = frame->symbol;
    head_->has_symbol = true;
    if (!frame->inlined) {
      head_->library = frame->library;
      head_->complete = true;
    }
    return true;
  }

  void end_sample() {
    if (!head_) return;
    std::int64_t duration = 0;
    if (!head_->period) {
      sink_.unseen("how long a sample stands for: the text tells no periods (perf script -F +period)");
    } else if (!counts_cpu_time(event_)) {
      sink_.unseen(fmt::format("how long a sample stands for: the event {} counts no time", event_));
    } else {
      duration = *head_->period;
    }
    sink_.event({.start_ns = head_->time_ns,
                 .duration_ns = duration,
                 .name = name_of(head_->symbol, head_->library),
                 .track = kThreads,
                 .activity = Activity::code,
                 .is_sample = true},
                nullptr);
    ++samples_;
    head_.reset();
  }

  NameId name_of(std::string_view symbol, std::string_view library) {
    const bool is_system = library.starts_with("[kernel") || library == "[unknown]" || library.empty();
    const bool is_generated = library.starts_with("/tmp/perf-") && library.ends_with(".map");
    TraceName name{.text = symbol, .library = library, .named = Named::symbol};
    if (library.starts_with("[kernel")) name.library = "[kernel]";
    if (library.empty()) name.library = "[unknown]";
    if (is_generated) {
      name.library = "[jit]";
      name.named = Named::generated;
    }
    if (is_nameless(symbol, library)) {
      name.text = "(unknown)";
      name.named = Named::system;
      if (!is_system) sink_.unseen(fmt::format("functions of {}: it has no symbols", file_name(library)));
    }
    std::string key = fmt::format("{}\n{}", name.library, name.text);
    const auto known = names_.find(key);
    if (known != names_.end()) return known->second;
    if (names_.size() >= kMostNames) return kNoName;
    const auto id = static_cast<NameId>(names_.size());
    sink_.name(id, name);
    names_.emplace(std::move(key), id);
    return id;
  }

  struct Sample {
    std::int64_t time_ns = 0;
    std::optional<std::int64_t> period;
    std::string symbol, library;
    bool has_symbol = false, complete = false;
  };

  TraceSink& sink_;
  std::optional<Sample> head_;
  std::string event_;
  std::unordered_map<std::string, NameId> names_;
  std::uint64_t samples_ = 0;
};

// By the first line that is no comment; a header longer than the beginning tells itself.
bool recognises(std::span<const std::byte> beginning) {
  std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  if (text.starts_with("# ========\n# captured on")) return true;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (trim(line).empty() || line.front() == '#') continue;
    return head_from(line).has_value();
  }
  return false;
}

Status read(TraceInput& input, TraceSink& sink, const TraceOptions&) { return Reader(sink).read(input); }

}  // namespace

extern const TraceFormat kPerfScript;
const TraceFormat kPerfScript = {"perf script", WitnessKind::perf_script, recognises, read};

}  // namespace varve
