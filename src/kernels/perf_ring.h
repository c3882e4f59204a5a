#pragma once
#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace varve {

// One record of a perf ring buffer: its type and misc bits (perf_event_header) and the bytes behind the header.
struct PerfRecord {
  std::uint32_t type = 0;
  std::uint16_t misc = 0;
  std::span<const std::byte> body;
};

// The kernel's side of a ring: a page of positions and a power of two of data bytes, both mapped. `head` and `tail`
// only grow; a record may go over the end and on from the start. Calls `take` for each whole record between them and
// moves tail to head. Returns false when the bytes make no sense (a size of 0 or beyond head): what is left is given
// up.
bool drain_perf_ring(perf_event_mmap_page& positions, std::span<const std::byte> data,
                     const std::function<void(const PerfRecord&)>& take);

// Reads values one after the other from a record's body; every read after the end gives nothing.
class PerfFields {
 public:
  explicit PerfFields(std::span<const std::byte> bytes) : rest_(bytes) {}
  std::optional<std::uint32_t> word();
  std::optional<std::uint64_t> quad();
  std::optional<std::span<const std::byte>> bytes(std::size_t count);
  std::string text();  // up to a zero byte, or to the end
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace varve
