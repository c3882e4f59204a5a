#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "model/answers/kernels_record.h"
#include "report/kernel_groups.h"
#include "report/run_summary.h"
#include "report/text_table.h"

namespace varve {

struct KernelView {
  KernelGrouping grouping = KernelGrouping::name;
  std::size_t most = 10;                       // rows of a table; 0: all
  std::size_t name_columns = kDisplayColumns;  // of a kernel's name
};

// One part of a whole: all bars of a block add up to it.
struct PartBar {
  std::string label;
  double share = 0;    // of the whole
  std::string amount;  // "1.007"
  std::string detail;  // "12 launches"
  bool quiet = false;  // nothing happened in it, or nothing is known of it
};

// A column, and how readily it gives way where there is little room: the lowest stay longest.
struct PageColumn {
  std::string title;
  bool right = false;
  int gives_way = 0;
  bool is_name = false;  // what the row is about
};

struct PageRow {
  std::vector<std::string> cells;
  std::string full_name;  // of what the row is about, where the cell has a shorter one
  Tone tone = Tone::plain;
};

// A part of the page: bars or a table, and sentences below.
struct PageBlock {
  std::string title;
  std::string whole;  // what the bars add up to: "1.477 ms"
  std::string unit;   // of their amounts: "ms"
  std::vector<PartBar> bars;
  std::vector<PageColumn> columns;
  std::vector<PageRow> rows;
  std::vector<std::string> notes;
};

// What varve kernels found, as people are shown it, whatever it is written in.
struct KernelsPage {
  std::string title;                // "moe-b300-02.json.gz"
  std::vector<std::string> traces;  // a line each: file, format, rank, GPU
  std::vector<std::string> answer;  // sentences
  std::vector<PageBlock> blocks;
  std::vector<std::string> remarks;  // what a reader must know
  std::vector<Remark> facts;         // what the traces disclose of the stack
};

KernelsPage kernels_page(const KernelsRecord& record, const KernelView& view);

// Its tables, one for each kind of activity. A block without rows is left out.

// Kernels, or code of a CPU: grouped as the view says. Where a profile has neither, its operations by self time.
PageBlock kernel_block(const KernelsRecord& record, ProfileKind kind, const Profile& profile, const KernelView& view);
PageBlock operation_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
// Operations by the time from their beginning to their end.
PageBlock nesting_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
PageBlock region_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
PageBlock copy_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
PageBlock collective_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
PageBlock call_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
PageBlock rank_block(const KernelsRecord& record, const Profile& profile, const KernelView& view);
// Where the window of each rank, or of each device, went.
PageBlock divided_windows_block(const KernelsRecord& record, const KernelView& view);
// What the ranks of one job waited for in the collectives that they have in common.
PageBlock waiting_block(const RankReport& report, const KernelView& view);
PageBlock step_block(const TraceSource& source, const KernelView& view);

std::string part_title(Part part);  // "idle while the host was launching"

}  // namespace varve
