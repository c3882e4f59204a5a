#include "kernels/formats/pftrace_packets.h"

#include <algorithm>
#include <numeric>

#include "kernels/trace/protobuf.h"

namespace varve {

namespace {
constexpr std::size_t kPftraceBlock = std::size_t{1} << 18;
constexpr std::uint64_t kLargestPacket = std::uint64_t{1} << 28;
constexpr std::size_t kMostPftraceNames = std::size_t{1} << 28;  // bytes of a sequence
}  // namespace

Result<bool> PftracePackets::fill() {
  buffer_.erase(0, from_);
  base_ += from_;
  from_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + std::max(kPftraceBlock, before));
  const auto got = input_.read(std::as_writable_bytes(std::span(buffer_)).subspan(before));
  buffer_.resize(before + (got ? *got : 0));
  if (!got) return got.error();
  return *got > 0;
}

Result<bool> PftracePackets::next(PftraceBytes& packet) {
  while (!damaged_) {
    PftraceBytes rest = std::as_bytes(std::span(buffer_)).subspan(from_);
    std::uint64_t key = 0, size = 0;
    const bool has_head = take_varint(rest, key) && take_varint(rest, size);
    // A number is no longer than 10 bytes: what is not whole within 20 never will be.
    damaged_ = has_head ? (key & 7) != 2 || key >> 3 == 0 || size > kLargestPacket : buffer_.size() - from_ >= 20;
    if (damaged_) break;
    if (has_head && size <= rest.size()) {
      from_ = buffer_.size() - rest.size() + size;
      if (key != 0x0a) continue;
      packet = rest.first(size);
      return true;
    }
    const auto more = fill();
    if (!more) return more.error();
    if (*more) continue;
    damaged_ = from_ < buffer_.size();
    break;
  }
  return false;
}

void PftraceSequence::take(PftraceBytes interned_data) {
  ProtobufReader reader(interned_data);
  for (ProtobufField field; reader.next(field);) {
    static constexpr std::pair<std::uint32_t, PftraceNames> kKinds[] = {
        {1, PftraceNames::category},       {2, PftraceNames::event},     {3, PftraceNames::annotation},
        {24, PftraceNames::specification}, {1000, PftraceNames::kernel}, {1001, PftraceNames::argument}};
    const auto* kind =
        std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& row) { return row.first == field.number; });
    if (kind == std::end(kKinds) || !field.is_bytes) continue;
    std::uint64_t id = 0;
    std::string_view name;
    ProtobufReader entry(field.bytes);
    for (ProtobufField part; entry.next(part);) {
      if (part.number == 1) id = part.value;
      if (part.number == 2 && part.is_bytes) name = part.text();
      if (part.number == 3 && part.is_bytes && kind->second == PftraceNames::kernel) name = part.text();
    }
    bytes_ += name.size() + 64;
    if (bytes_ <= kMostPftraceNames) names_[kind->second].insert_or_assign(id, std::string(name));
  }
}

std::string_view PftraceSequence::name(PftraceNames kind, std::uint64_t id) const {
  const auto names = names_.find(kind);
  if (names == names_.end()) return {};
  const auto found = names->second.find(id);
  return found == names->second.end() ? std::string_view() : found->second;
}

bool PftraceSlices::stands_in_order() const {
  if (begins_.size() != ends_.size()) return false;
  bool is_in_time = true;
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    if (begins_[i].track != ends_[i].track || ends_[i].at_ns < begins_[i].event.start_ns) return false;
    if (i == 0) continue;
    is_in_time = is_in_time && begins_[i].event.start_ns >= begins_[i - 1].event.start_ns &&
                 ends_[i].at_ns >= ends_[i - 1].at_ns;
  }
  return !is_in_time || begins_.back().event.start_ns > ends_.front().at_ns || begins_.size() == 1;
}

std::uint64_t PftraceSlices::unclosed() const {
  return std::accumulate(open_.begin(), open_.end(), begins_.size(),
                         [](std::uint64_t sum, const auto& track) { return sum + track.second.size(); });
}

}  // namespace varve
