#include "inject/totals.h"

#include <cstring>

namespace varve::inject {

namespace {
constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15u;
constexpr std::uint32_t kMostAddresses = 1u << 16;
constexpr std::size_t kLongestName = 16384;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) { return (((hash << 25) | (hash >> 39)) ^ word) * kOdd; }

std::uint64_t hash_of(const TotalKey& key) {
  std::uint64_t words[sizeof(TotalKey) / 8];
  static_assert(sizeof(TotalKey) % 8 == 0 && sizeof(TotalKey) == 48);
  std::memcpy(words, &key, sizeof words);
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) hash = mixed(hash, word);
  return hash ^ (hash >> 32);
}

bool is_of_device(RowKind kind) {
  return kind == RowKind::kernel || kind == RowKind::graph || kind == RowKind::copy || kind == RowKind::fill;
}

std::uint64_t hash_of(const char* text, std::size_t size) {
  std::uint64_t hash = size, word = 0;
  for (; size >= 8; text += 8, size -= 8) {
    std::memcpy(&word, text, 8);
    hash = mixed(hash, word);
  }
  word = 0;
  std::memcpy(&word, text, size);
  hash = mixed(hash, word);
  return hash ^ (hash >> 32);
}
}  // namespace

bool Totals::reserve(const TotalsSizes& sizes) {
  return rows_.reserve(sizes.rows) && blocks_.reserve(sizes.blocks) && names_.reserve(sizes.names) &&
         text_.reserve(sizes.text) && row_slots_.reserve(2 * sizes.rows) && name_slots_.reserve(2 * sizes.names) &&
         addresses_.reserve(2 * kMostAddresses) && slices_.reserve();
}

NameNumber Totals::name(const char* text, std::size_t size) {
  if (size > kLongestName) size = kLongestName;
  const std::uint64_t hash = hash_of(text, size);
  std::uint32_t at = static_cast<std::uint32_t>(hash) & (name_slots_.size - 1);
  for (; name_slots_[at] != 0; at = (at + 1) & (name_slots_.size - 1)) {
    const Name& known = names_[name_slots_[at]];
    if (known.hash == hash && known.size == size && std::memcmp(text_of(known), text, size) == 0)
      return name_slots_[at];
  }
  if (names_used_ + 1 >= names_.size || text_.size - text_used_ < size) return kUnnamed;
  Name& made = names_[++names_used_];
  made.hash = hash;
  made.offset = text_used_;
  made.size = static_cast<std::uint32_t>(size);
  made.module = kNoModule;
  made.is_told = false;
  std::memcpy(text_.items + text_used_, text, size);
  text_used_ += made.size;
  name_slots_[at] = names_used_;
  return names_used_;
}

NameNumber Totals::name_at(const char* text) {
  if (text == nullptr) return kUnnamed;
  if (addresses_used_ >= kMostAddresses) {
    std::memset(static_cast<void*>(addresses_.items), 0, std::size_t{addresses_.size} * sizeof(Address));
    addresses_used_ = 0;
  }
  const std::uint64_t hash = mixed(0, reinterpret_cast<std::uintptr_t>(text));
  std::uint32_t at = static_cast<std::uint32_t>(hash >> 32) & (addresses_.size - 1);
  while (addresses_[at].text != nullptr && addresses_[at].text != text) at = (at + 1) & (addresses_.size - 1);
  Address& address = addresses_[at];
  if (address.text == text && address.epoch == epoch_) return address.name;
  if (address.text == nullptr) ++addresses_used_;
  address.text = text;
  address.epoch = epoch_;
  address.name = name(text, std::strlen(text));
  return address.name;
}

// Padding would tell equal keys apart: there is none (static_assert above), and keys are compared as bytes.
Total* Totals::find_or_make(const TotalKey& key, std::uint32_t most_rows) {
  std::uint32_t at = static_cast<std::uint32_t>(hash_of(key)) & (row_slots_.size - 1);
  for (; row_slots_[at] != 0; at = (at + 1) & (row_slots_.size - 1)) {
    Total& row = rows_[row_slots_[at] - 1];
    if (std::memcmp(&row.key, &key, sizeof key) == 0) return &row;
  }
  if (rows_used_ >= most_rows) return nullptr;
  Total& row = rows_[rows_used_++];
  row.key = key;
  row.min_ns = UINT64_MAX;
  row.first_ns = UINT64_MAX;
  row_slots_[at] = rows_used_;
  return &row;
}

// The count that a duration belongs to; null when there is no room for one more octave of this row.
std::uint64_t* Totals::bucket(Total& row, std::uint64_t ns) {
  std::uint32_t number = static_cast<std::uint32_t>(ns);
  if (ns >= 64) {
    const int shift = 63 - __builtin_clzll(ns) - 5;
    number = (static_cast<std::uint32_t>(shift) << 5) + static_cast<std::uint32_t>(ns >> shift);
  }
  const std::uint32_t octave = number >> 5;
  for (std::uint32_t at = row.spread; at != 0; at = blocks_[at].next) {
    if (blocks_[at].octave == octave) return &blocks_[at].counts[number & 31];
  }
  if (blocks_used_ + 1 >= blocks_.size) return nullptr;
  SpreadBlock& made = blocks_[++blocks_used_];
  made.octave = octave;
  made.next = row.spread;
  row.spread = blocks_used_;
  return &made.counts[number & 31];
}

void Totals::add(const TotalKey& key, std::uint64_t start, std::uint64_t end, std::uint64_t bytes,
                 std::uint64_t nested_ns) {
  if (start == 0 || end == 0) {
    ++left_over_.untimed;
    return;
  }
  if (end < start) {
    ++left_over_.backwards;
    return;
  }
  if (end - start > longest_ns_) {
    ++left_over_.too_long;
    return;
  }
  const std::uint64_t whole_ns = end - start, ns = whole_ns - (nested_ns < whole_ns ? nested_ns : whole_ns);
  Total* row = find_or_make(key, rows_.size / 4 * 3);
  if (row == nullptr) {
    TotalKey coarse;
    coarse.name = key.name;
    coarse.kind = key.kind;
    coarse.in_graph = key.in_graph;
    coarse.device = key.device;
    if (key.kind != RowKind::kernel && key.kind != RowKind::graph) std::memcpy(coarse.grid, key.grid, sizeof key.grid);
    row = find_or_make(coarse, rows_.size);
    is_coarse_ = true;
  }
  std::uint64_t* count = row == nullptr ? nullptr : bucket(*row, ns);
  if (count == nullptr) {
    ++left_over_.no_room;
    left_over_.no_room_ns += ns;
    return;
  }
  ++*count;
  ++row->count;
  row->total_ns += ns;
  row->bytes += bytes;
  row->nested_ns += whole_ns - ns;
  if (ns < row->min_ns) row->min_ns = ns;
  if (ns > row->max_ns) row->max_ns = ns;
  if (start < row->first_ns) row->first_ns = start;
  if (end > row->last_ns) row->last_ns = end;
  row->is_changed = true;
  if (is_of_device(key.kind)) slices_.add(static_cast<std::uint32_t>(row - rows_.items), start, end);
}

}  // namespace varve::inject
