#pragma once
#include <cstddef>
#include <cstdint>

#include "inject/reserved.h"
#include "inject/slices.h"

// What ran, added up in place: a row for each different thing, so that memory does not grow with the number of records.
namespace varve::inject {

// As they stand in the spool.
enum class RowKind : std::uint8_t {
  kernel = 'k',
  graph = 'g',
  copy = 'c',
  fill = 'f',
  call = 'a',
  range = 'r',
  jit = 'j'
};

using NameNumber = std::uint32_t;
inline constexpr NameNumber kUnnamed = 0;
inline constexpr std::uint32_t kNoModule = UINT32_MAX, kSeveralModules = UINT32_MAX - 1;

// What tells rows apart. Of copies `grid` holds their kind and the kinds of memory they go from and to, of fills the
// kind of memory, of JIT the entry and the operation, as CUPTI numbers them.
struct TotalKey {
  NameNumber name = kUnnamed;
  RowKind kind = RowKind::kernel;
  std::uint8_t in_graph = 0;
  std::uint16_t registers = 0;
  std::uint32_t device = 0, stream = 0;
  std::uint32_t grid[3] = {}, block[3] = {};
  std::uint32_t shared = 0;  // bytes of a block
  std::uint32_t unused = 0;  // keys are compared as bytes: no padding
};

struct Total {
  TotalKey key;
  std::uint64_t count = 0, total_ns = 0, min_ns = 0, max_ns = 0;
  std::uint64_t bytes = 0, nested_ns = 0;
  std::uint64_t first_ns = 0, last_ns = 0;  // beginning of the first, end of the last
  std::uint32_t spread = 0;                 // the first block of how durations are spread; 0: none
  bool is_told = false;                     // in the spool
  bool is_changed = false;                  // since it was last written
};

// 32 buckets of an octave of durations, as QuantileSketch of Varve's model numbers them.
struct SpreadBlock {
  std::uint32_t octave = 0, next = 0;
  std::uint64_t counts[32] = {};
};

struct Name {
  std::uint64_t hash = 0;
  std::uint32_t offset = 0, size = 0;  // in the text
  std::uint32_t module = kNoModule;
  bool is_told = false;
};

struct TotalsSizes {
  std::uint32_t rows = 1u << 16, blocks = 1u << 17, names = 1u << 16, text = 1u << 24;
};

// What could not be added, counted apart.
struct LeftOver {
  std::uint64_t untimed = 0;    // CUPTI could not collect the times: 0
  std::uint64_t backwards = 0;  // ended before it began
  std::uint64_t too_long = 0;   // longer than the recording
  std::uint64_t no_room = 0, no_room_ns = 0;
};

// Not safe for several threads at a time: the caller locks.
class Totals {
 public:
  // False: the system gives no memory. Reserves some 100 MB of addresses; only what is used takes memory.
  bool reserve(const TotalsSizes& sizes);

  // The number of a text that the caller keeps, by its address: CUPTI gives all records of a kernel the same one. An
  // address is believed as long as the epoch lasts, and looked at again in the next: modules come and go.
  NameNumber name_at(const char* text);
  NameNumber name(const char* text, std::size_t size);
  void begin_epoch() { ++epoch_; }

  // Adds something that ran from `start` to `end`, of which `nested_ns` were spent in things that are added themselves.
  void add(const TotalKey& key, std::uint64_t start, std::uint64_t end, std::uint64_t bytes, std::uint64_t nested_ns);
  // Nothing can have run for longer: the time since recording began.
  void set_longest(std::uint64_t ns) { longest_ns_ = ns; }

  std::uint32_t rows() const { return rows_used_; }    // numbers from 0
  std::uint32_t names() const { return names_used_; }  // numbers from 1
  Total& row(std::uint32_t number) { return rows_[number]; }
  Name& name_of(NameNumber number) { return names_[number]; }
  const char* text_of(const Name& name) const { return text_.items + name.offset; }
  const SpreadBlock& block(std::uint32_t number) const { return blocks_[number]; }
  const LeftOver& left_over() const { return left_over_; }
  Slices& slices() { return slices_; }           // of what ran on devices, by the rows' numbers
  bool is_coarse() const { return is_coarse_; }  // some rows no longer tell streams and launches apart

 private:
  struct Address {
    const char* text = nullptr;
    std::uint32_t epoch = 0;
    NameNumber name = kUnnamed;
  };
  Total* find_or_make(const TotalKey& key, std::uint32_t most_rows);
  std::uint64_t* bucket(Total& row, std::uint64_t ns);

  Reserved<Total> rows_;
  Reserved<SpreadBlock> blocks_;  // from 1
  Reserved<Name> names_;          // from 1
  Reserved<char> text_;
  Reserved<std::uint32_t> row_slots_, name_slots_;
  Reserved<Address> addresses_;
  std::uint32_t rows_used_ = 0, blocks_used_ = 0, names_used_ = 0, text_used_ = 0, addresses_used_ = 0;
  std::uint32_t epoch_ = 1;
  std::uint64_t longest_ns_ = UINT64_MAX;
  bool is_coarse_ = false;
  LeftOver left_over_;
  Slices slices_;
};

}  // namespace varve::inject
