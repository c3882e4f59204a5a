#include "kernels/perf_ring.h"

#include <algorithm>
#include <cstring>

namespace varve {
namespace {

// Copies from position `at` of the ring, which may go over its end.
void copy_out(std::span<const std::byte> data, std::uint64_t at, std::span<std::byte> into) {
  if (into.empty()) return;
  std::size_t start = static_cast<std::size_t>(at % data.size());
  std::size_t before_end = std::min(into.size(), data.size() - start);
  std::memcpy(into.data(), data.data() + start, before_end);
  std::memcpy(into.data() + before_end, data.data(), into.size() - before_end);
}

template <class T>
std::optional<T> take_value(std::span<const std::byte>& rest) {
  if (rest.size() < sizeof(T)) {
    rest = {};
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, rest.data(), sizeof value);
  rest = rest.subspan(sizeof value);
  return value;
}

}  // namespace

bool drain_perf_ring(perf_event_mmap_page& positions, std::span<const std::byte> data,
                     const std::function<void(const PerfRecord&)>& take) {
  std::uint64_t head = __atomic_load_n(&positions.data_head, __ATOMIC_ACQUIRE);
  std::uint64_t tail = positions.data_tail;  // only this side writes it
  bool sound = head - tail <= data.size();
  std::vector<std::byte> copy;
  while (sound && tail < head) {
    perf_event_header header;
    sound = head - tail >= sizeof header;
    if (!sound) break;
    copy_out(data, tail, std::as_writable_bytes(std::span(&header, 1)));
    sound = header.size >= sizeof header && header.size <= head - tail;
    if (!sound) break;
    const std::size_t start = static_cast<std::size_t>(tail % data.size());
    if (header.size <= data.size() - start) {  // the kernel leaves it alone until the tail moves
      take({header.type, header.misc, data.subspan(start, header.size).subspan(sizeof header)});
    } else {
      copy.resize(header.size - sizeof header);
      copy_out(data, tail + sizeof header, copy);
      take({header.type, header.misc, copy});
    }
    tail += header.size;
  }
  __atomic_store_n(&positions.data_tail, head, __ATOMIC_RELEASE);
  return sound;
}

std::optional<std::uint32_t> PerfFields::word() { return take_value<std::uint32_t>(rest_); }
std::optional<std::uint64_t> PerfFields::quad() { return take_value<std::uint64_t>(rest_); }

std::optional<std::span<const std::byte>> PerfFields::bytes(std::size_t count) {
  if (rest_.size() < count) {
    rest_ = {};
    return std::nullopt;
  }
  auto taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::string PerfFields::text() {
  auto end = std::find(rest_.begin(), rest_.end(), std::byte{0});
  std::string text(reinterpret_cast<const char*>(rest_.data()), static_cast<std::size_t>(end - rest_.begin()));
  rest_ = {};
  return text;
}

}  // namespace varve
