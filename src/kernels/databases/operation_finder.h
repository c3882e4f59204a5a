#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

// Which operation of a framework each call was made in: the innermost one on its thread that was under way when the
// call began. For traces that tell the two apart and no more; everything is told first and asked afterwards.
class OperationFinder {
 public:
  void add_operation(std::uint64_t thread, std::int64_t start_ns, std::int64_t duration_ns, NameId name);
  // `correlation` is what is asked for; 0 is not kept.
  void add_call(std::uint64_t thread, std::int64_t start_ns, std::uint64_t correlation);
  // After the last operation and call, before the first question.
  void settle();

  bool empty() const { return spans_.empty(); }
  NameId operation_of(std::uint64_t correlation) const;  // kNoName: of none

 private:
  struct Span {
    std::uint64_t thread;
    std::int64_t start_ns, end_ns;
    NameId name;
  };
  struct Call {
    std::uint64_t thread;
    std::int64_t start_ns;
    std::uint64_t correlation;
  };
  std::vector<Span> spans_;
  std::vector<Call> calls_;
  std::vector<std::pair<std::uint64_t, NameId>> found_;  // by rising correlation
};

// "aten::add [[2,3],[]]" of a range that PyTorch's emit_nvtx marked, "aten::add, seq = 7, op_id = 9, sizes = [[2, 3],
// []], input_op_ids = …" (torch/csrc/autograd/profiler_legacy.cpp, getNvtxStr; which fields there are depends on the
// version and on record_shapes). Nothing of any other range.
std::optional<std::string> operation_from_range(std::string_view text);

}  // namespace varve
