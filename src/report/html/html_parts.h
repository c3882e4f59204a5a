#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/stack_comparison.h"
#include "model/answers/trace_comparison.h"
#include "model/run_record.h"
#include "report/html/html_writer.h"
#include "report/html/svg.h"
#include "report/run_summary.h"

namespace varve {

// Pieces that several pages share.

struct PageFrame {
  std::string kind;  // "Comparison"
  std::string title;
  std::string subtitle;  // when, by which Varve
  std::string digest;    // draws the strata of the head
  std::vector<Remark> footer;
};
std::string make_page(const PageFrame& frame, const std::string& body);

// A part of a page with its heading; open as long as the object lives.
class Section {
 public:
  Section(HtmlWriter& writer, const std::string& name, const std::string& title);

 private:
  Element element_;
};

// Content that may be wider than a phone: scrolls inside itself.
class ScrollTable {
 public:
  ScrollTable(HtmlWriter& writer, const std::string& kind, const std::vector<std::string>& titles);

 private:
  Element scroll_, table_;
};

void write_side(HtmlWriter& out, SideMark side, const std::string& label);  // mark and name
SideMark side_of(const Run& run, const std::string& variant);               // none in a run of one variant
void write_remarks(HtmlWriter& out, const std::vector<Remark>& remarks);
// Beside an error of a log notes may be folded: none of them is its cause.
void write_findings(HtmlWriter& out, const std::vector<Finding>& findings, bool fold_notes = false);
void write_changes(HtmlWriter& out, const std::vector<FactChange>& changes);
void write_measurement(HtmlWriter& out, const Run& run);
void write_facts(HtmlWriter& out, const Stack& stack);
void write_libraries(HtmlWriter& out, const std::string& title, const std::vector<Library>& libraries);
void write_stack_tables(HtmlWriter& out, const Stack& stack);
void write_folded_stack(HtmlWriter& out, const Run& run);
// The primary metric of all units in the order they ran, with the medians.
void write_unit_picture(HtmlWriter& out, const Run& run, const std::string& metric, bool with_warmup);

// A picture that closes: each bar begins where the one above it ends.
struct WaterfallRow {
  std::string label, title;  // the title is shown where somebody points at it
  Step step;
  double change = 0;  // in seconds
};
void write_waterfall(HtmlWriter& out, const std::vector<WaterfallRow>& rows, const TimeUnit& unit,
                     const std::string& caption);

// The parts of a comparison's page.
// What is the same and what differs, layer by layer, with what moved as one.
void write_items(HtmlWriter& out, const std::vector<ControlItem>& items, const std::vector<Bundle>& bundles);
void write_account(HtmlWriter& out, const KernelAccount& account, const MetricComparison& primary);

std::string digest_of_document(const Stack& stack);
std::string digest_of_document(const Run& run);
std::string digest_of_document(const Comparison& comparison);
std::string digest_of_document(const Check& check);
std::string digest_of_document(const TraceComparison& comparison);
std::string digest_of_document(const KernelsRecord& record);
std::string digest_of_document(const StackComparison& comparison);

}  // namespace varve
