#include "kernels/perf_sample.h"

#if defined(__x86_64__)
#include <asm/perf_regs.h>
#endif

#include <iterator>

namespace varve {

namespace {
constexpr std::uint32_t kStackBytes = 16 * 1024, kDeepStackBytes = 40 * 1024;

// A register as perf numbers it and as DWARF does.
struct RegisterNames {
  std::uint32_t perf = 0, dwarf = 0;
};
#if defined(__x86_64__)
constexpr RegisterNames kRegisters[] = {
    {PERF_REG_X86_BX, kRbx}, {PERF_REG_X86_BP, kRbp}, {PERF_REG_X86_SP, kRsp}, {PERF_REG_X86_IP, kReturnAddress},
    {PERF_REG_X86_R12, 12},  {PERF_REG_X86_R13, 13},  {PERF_REG_X86_R14, 14},  {PERF_REG_X86_R15, 15},
};  // by their numbers of perf, as the record has them
#endif

void read_registers(PerfFields& fields, PerfSample& sample) {
  const auto abi = fields.quad();
  if (!abi || *abi == PERF_SAMPLE_REGS_ABI_NONE) return;
#if defined(__x86_64__)
  FrameRegisters read;
  for (const RegisterNames& names : kRegisters) {
    const auto value = fields.quad();
    if (!value) return;
    read.set(names.dwarf, *value);
  }
  if (*abi == PERF_SAMPLE_REGS_ABI_64) sample.registers = read;
#endif
}

void read_stack(PerfFields& fields, PerfSample& sample) {
  const auto size = fields.quad();
  if (!size || *size == 0) return;
  const auto bytes = fields.bytes(static_cast<std::size_t>(*size));
  const auto filled = fields.quad();
  if (bytes && filled && *filled <= bytes->size()) sample.stack = bytes->first(static_cast<std::size_t>(*filled));
}
}  // namespace

PerfSampleContent content_with_stacks(StackCopies copies) {
  PerfSampleContent content;
  if (copies == StackCopies::none) return content;
#if defined(__x86_64__)
  for (const RegisterNames& names : kRegisters) content.registers |= std::uint64_t{1} << names.perf;
  content.stack_bytes = copies == StackCopies::deep ? kDeepStackBytes : kStackBytes;
#endif
  return content;
}

std::optional<PerfSample> read_perf_sample(const PerfRecord& record, const PerfSampleContent& content) {
  PerfFields fields(record.body);
  const auto address = fields.quad();
  const auto process = fields.word(), thread = fields.word();
  const auto time = fields.quad();
  const auto cpu = fields.word();
  if (!fields.word()) return std::nullopt;  // reserved
  PerfSample sample{.address = *address, .process = *process, .thread = *thread, .time_ns = *time, .cpu = *cpu};
  sample.in_kernel = (record.misc & PERF_RECORD_MISC_CPUMODE_MASK) != PERF_RECORD_MISC_USER;
  if (content.registers != 0) read_registers(fields, sample);
  if (content.stack_bytes != 0) read_stack(fields, sample);
  return sample;
}

}  // namespace varve
