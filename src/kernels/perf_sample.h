#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "binary/frames/frame_rules.h"
#include "kernels/perf_ring.h"

namespace varve {

// What the sampler asks the kernel to write down with a sample, besides address, thread and time.
struct PerfSampleContent {
  std::uint64_t registers = 0;    // PERF_SAMPLE_REGS_USER's mask; 0: none, and no stack either
  std::uint32_t stack_bytes = 0;  // of the user stack, from the stack pointer up
};

// How much of the user stack is copied with a sample: 16 KiB, or 40 for programs whose functions keep that much of
// their own on it.
enum class StackCopies : std::uint8_t { none, usual, deep };

// The registers that lead from a frame to its caller's, and how much of the stack is copied. Nothing on processors
// whose unwind tables are not read here.
PerfSampleContent content_with_stacks(StackCopies copies = StackCopies::usual);

struct PerfSample {
  std::uint64_t address = 0;
  std::uint32_t process = 0, thread = 0;
  bool in_kernel = false;
  std::uint64_t time_ns = 0;
  std::uint32_t cpu = 0;
  FrameRegisters registers;          // of user mode; none known: the record has none
  std::span<const std::byte> stack;  // from the stack pointer up; borrows from the record
};

// Reads PERF_RECORD_SAMPLE with IP, TID, TIME and CPU, and with REGS_USER and STACK_USER as `content` says
// (perf_event_open(2)). Nothing when the record ends before its CPU. A stack that does not fit the record is left out.
std::optional<PerfSample> read_perf_sample(const PerfRecord& record, const PerfSampleContent& content);

}  // namespace varve
