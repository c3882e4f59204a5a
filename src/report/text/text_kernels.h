#pragma once
#include <cstddef>
#include <string>

#include "model/answers/kernels_record.h"
#include "report/text_style.h"

namespace varve {

enum class KernelGrouping { name, family };

// How the kernels of a trace are shown.
struct KernelView {
  KernelGrouping grouping = KernelGrouping::name;
  std::size_t most = 30;  // rows of a table; the others are one row. 0: all
};

// A table for each account, largest first, whose rows and remainder sum to the whole; before them the traces with what
// they disclose of the stack, behind them what was not seen.
std::string text_kernels(const KernelsRecord& kernels, const KernelView& view, const TextStyle& style);

}  // namespace varve
