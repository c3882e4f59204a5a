#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/answers/kernels_record.h"
#include "model/kernels/kernel_display.h"

namespace varve {

// What makes one row of what a reader is shown.
enum class KernelGrouping { name, family, operation, library, rank, step };

// What rows of a profile that are shown as one come to.
struct RowGroup {
  std::string name;       // fit for one line, unique among its groups; "rank 3", "gemm", "aten::mm"
  std::string full_name;  // as the trace has it
  std::set<std::string> families, sources, precisions;  // of its kernels; sources: who made them, or their library
  bool tensor_cores = false;                            // some of them compute on matrix units
  bool compiled = false;                                // some were written by a compiler for this program
  Durations time;
  std::int64_t nested_ns = 0, impossible_ns = 0, share_ns = 0;
  std::uint64_t samples = 0, bytes = 0;

  std::uint64_t times() const { return samples > 0 ? samples : time.count; }
  std::int64_t inclusive_ns() const { return add_ns(time.total_ns, nested_ns); }
};

using Activities = std::set<Activity>;
inline const Activities kMainActivities = {Activity::code, Activity::kernel, Activity::collective};
inline const Activities kCopyActivities = {Activity::copy, Activity::fill};
inline const Activities kRuntimeActivities = {Activity::launch, Activity::synchronise, Activity::allocate,
                                              Activity::call};

// How kernels are called.
struct GroupNames {
  std::size_t columns = kDisplayColumns;  // at most that many
  std::size_t most = 0;                   // groups that are shown, the first ones; 0: all
};

// The rows of these activities, grouped, by falling time and, of samples without a period, by falling number. A name
// that two kernels of different libraries share is one group for each. `step` groups as `name` does: steps are no rows.
// Names of kernels beyond the first thousand that nobody is shown stay as they are. Operations are grouped by name
// without their shapes, with them where `operation` asks for it.
std::vector<RowGroup> kernel_groups(const KernelTable& kernels, const Profile& profile, const Activities& activities,
                                    KernelGrouping grouping, const GroupNames& names = {});

// All groups as one.
RowGroup sum_of(const std::vector<RowGroup>& groups);

inline double in_seconds(std::int64_t ns) { return 1e-9 * static_cast<double>(ns); }

}  // namespace varve
