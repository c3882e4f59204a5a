#pragma once
#include <string>
#include <vector>

#include "model/answers/kernels_record.h"
#include "report/kernels_page.h"
#include "report/text_style.h"

namespace varve {

// What varve kernels found, for a terminal: the answer, bars and tables, what a reader must know. Columns that find no
// room are left out, the least important first.
std::string text_kernels(const KernelsRecord& kernels, const KernelView& view, const TextStyle& style);

// The same for a document in Markdown (CommonMark with tables).
std::string markdown_kernels(const KernelsRecord& kernels, const KernelView& view);

// Every group of every profile as a line, with all that is known of it (RFC 4180, in nanoseconds and bytes). The first
// line names the columns; several records follow one another. By step a line is one step of one trace, and what became
// of its time on every device.
std::string csv_kernels(const std::vector<KernelsRecord>& records, KernelGrouping grouping);

}  // namespace varve
