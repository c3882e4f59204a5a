#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compare/sequence/match_step.h"
#include "model/answers/trace_sequence.h"
#include "model/kernels/compiled_region.h"
#include "model/kernels/kernel.h"
#include "model/kernels/operation_work.h"

namespace varve {

// The names of two tables of kernels as numbers that mean the same on both sides, whichever is first.
class CommonNames {
 public:
  // `of_operations`: operations stand for kernels, so that names have shapes behind them.
  CommonNames(const KernelTable& a, const KernelTable& b, bool of_operations);

  // Whether both sides compute products of matrices and none of them by a name that the other side knows.
  bool of_two_frameworks() const { return of_two_frameworks_; }
  // A kernel of one side with what it served.
  MatchItem item(bool of_b, KernelId kernel, KernelId operation) const;
  // What the floating operands of an operation of one side are, where they are not fp32 alone.
  std::string_view types(bool of_b, KernelId kernel) const { return types_behind(raw_name(of_b, kernel)); }
  // Whether it compiles the program.
  bool compiles(bool of_b, KernelId kernel) const { return of_operations_ && is_compiling(raw_name(of_b, kernel)); }
  const std::string& text(std::uint32_t number) const { return texts_[number]; }
  // What one side tells of a name; nullptr: it has none of it. Holds as long as the tables.
  const Kernel* kernel(bool of_b, std::uint32_t number) const { return (of_b ? kernels_b_ : kernels_a_)[number]; }
  // Whether a compiler wrote it for the program.
  bool is_compiled(std::uint32_t number) const;
  // Whether an operation stands with its shapes.
  bool has_shapes(std::uint32_t number) const { return number != kNoToken && bare_[number] != number; }
  // The number of an operation without the shapes behind it.
  std::uint32_t bare(std::uint32_t number) const { return bare_[number]; }
  // The number by which a kernel is reported: of an operation, which has shapes behind it, that of its bare name.
  std::uint32_t bare_of_operations(std::uint32_t number) const { return of_operations_ ? bare_[number] : number; }

 private:
  bool have_no_product_in_common() const;
  const std::string& raw_name(bool of_b, KernelId kernel) const { return (of_b ? b_ : a_)[kernel].key.name; }

  const KernelTable &a_, &b_;

  bool of_operations_, of_two_frameworks_ = false;
  std::vector<std::string> texts_;                    // sorted
  std::vector<std::uint32_t> bare_;                   // by number: that of "aten::mm" of "aten::mm [[8,64],[64,8]]"
  std::vector<bool> is_compiled_region_;              // by number
  std::vector<std::uint32_t> works_;                  // by number: what it computes (operation_work); or none
  std::vector<std::uint32_t> of_a_, of_b_;            // by KernelId
  std::vector<const Kernel*> kernels_a_, kernels_b_;  // by number: the first of the side
};

}  // namespace varve
