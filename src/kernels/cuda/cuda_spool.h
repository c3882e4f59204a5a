#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace.h"
#include "kernels/trace/trace_input.h"
#include "model/kernels/durations.h"

namespace varve {

// What the recorder of src/inject wrote about a process: src/inject/spool_file.h describes the lines. Of lines that
// come again the last is kept.
struct CudaSpool {
  static constexpr std::uint64_t kNoModule = UINT64_MAX, kSeveralModules = UINT64_MAX - 1;

  struct Name {
    std::string text;
    std::uint64_t module = kNoModule;
  };
  struct Slice {
    std::uint64_t count = 0;  // of what began in it
    std::int64_t ns = 0;      // what of it ran in it
  };
  struct Row {
    char kind = '\0';  // as in the spool: k, g, c, f, a, r, j
    std::uint64_t name = 0;
    Place place;
    Launch launch;
    bool in_graph = false;
    Durations time;  // count 0: not told
    std::uint64_t bytes = 0;
    std::int64_t nested_ns = 0, first_ns = 0, last_ns = 0;
    std::int64_t slice_ns = 0;              // the width of its slices; 0: none were kept
    std::map<std::uint32_t, Slice> slices;  // of what is not empty, by number
  };
  // Where slices begin, and one moment, by the clock of the records and that of UNIX.
  struct Clock {
    std::int64_t origin_ns = 0, here_ns = 0, unix_ns = 0;
  };
  struct Module {
    std::uint64_t size = 0;
    std::string sha256;
  };
  struct Device {
    std::int64_t major = 0, minor = 0, units = 0;
    std::string name;
  };
  struct Pool {
    std::uint64_t created = 0, destroyed = 0, trimmed = 0, most_bytes = 0, most_used = 0;
  };
  struct Overhead {
    std::uint64_t count = 0;
    std::int64_t ns = 0;
  };

  std::map<std::string, std::string> settings, variables;
  std::map<std::string, std::uint64_t> costs;
  std::map<std::uint64_t, Name> names;
  std::map<std::uint64_t, Row> rows;
  std::map<std::uint64_t, Module> modules;
  std::map<std::uint64_t, Device> devices;
  std::map<std::uint64_t, Pool> pools;
  std::map<std::uint64_t, Overhead> overheads;
  std::set<std::string> libraries;
  std::optional<Clock> clock;
  std::string reason;           // why nothing, or nothing more, was recorded; empty: it was
  std::int64_t elapsed_ns = 0;  // from the beginning of recording to the last flush
  bool has_ended = false;       // the exit handlers ran
  bool is_cut = false;          // the last line was not written to its end

  std::string setting(const std::string& key) const;  // "" when not told
  std::uint64_t cost(const std::string& name) const;  // 0 when not told
};

// Reads to the end, or to what fits into memory: 2^18 rows and names, 64 MiB of text. Lines that are torn, that make no
// sense or that find no room go to `sink` as damage. Error: reading failed.
Result<CudaSpool> read_cuda_spool(TraceInput& input, TraceSink& sink);

}  // namespace varve
