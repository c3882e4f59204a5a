#include "world/process_state.h"

#include <cstdint>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD in include/linux/sched.h
constexpr std::size_t kMostBytes = 4096;
}  // namespace

// Fields 3 (state) and 9 (flags); the name, field 2, stands in parentheses and may hold anything.
std::optional<ProcessKind> process_kind(const Files& files, const std::string& proc) {
  const Looked<std::string> stat = files.read(proc + "/stat", kMostBytes);
  const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string_view> fields = split_words(std::string_view(*stat).substr(name_end + 1));
  if (fields.size() < 7) return std::nullopt;
  if (fields[0] == "Z" || fields[0] == "X") return ProcessKind::ended;
  const std::optional<std::int64_t> flags = parse_integer(fields[6]);
  const bool of_kernel = flags && (static_cast<std::uint64_t>(*flags) & kKernelThread) != 0;
  return of_kernel ? ProcessKind::kernel_thread : ProcessKind::running;
}

}  // namespace varve
