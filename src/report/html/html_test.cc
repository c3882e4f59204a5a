#include "report/html/html.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <cmath>

#include "base/embedded.h"
#include "report/html/html_writer.h"
#include "report/html/svg.h"
#include "report/html/well_formed_test.h"
#include "report/printable.h"
#include "report/samples_test.h"
#include "report/wording.h"

namespace varve {

namespace {
struct NamedPage {
  std::string name, page;
};

StackComparison two_stacks() {
  return {.created_at = "2026-01-01T00:00:00Z",
          .tool_version = "0",
          .a = "<a> & b",
          .b = "here",
          .items = {{.id = "driver.kernel_mode.version",
                     .layer = Layer::kernel_driver,
                     .title = "GPU kernel driver",
                     .a = "535.1",
                     .b = "550.2",
                     .state = ItemState::different}},
          .environment_a = "text",
          .environment_b = "/venv",
          .packages = {{.name = "torch", .role = PackageRole::framework, .a = "2.4.0", .state = ItemState::unknown}},
          .would_run = {{.name = "torch", .state = CheckState::not_applicable}},
          .verdict = "1 thing of the machine differs"};
}

std::vector<NamedPage> all_pages() {
  const Run run = samples::run(), extreme = samples::extreme_run();
  const Comparison comparison = samples::comparison(), extreme_comparison = samples::extreme_comparison();
  return {{"comparison with run", html_page(comparison, &run)},
          {"comparison alone", html_page(comparison, nullptr)},
          {"run", html_page(run)},
          {"stack", html_page(run.stack)},
          {"check", html_page(samples::check())},
          {"extreme check", html_page(samples::extreme_check())},
          {"empty check", html_page(Check{})},
          {"kernels", html_page(samples::kernels())},
          {"extreme kernels", html_page(samples::extreme_kernels())},
          {"empty kernels", html_page(KernelsRecord{})},
          {"traces", html_page(samples::trace_comparison())},
          {"extreme traces", html_page(samples::extreme_trace_comparison())},
          {"empty traces", html_page(TraceComparison{})},
          {"stacks", html_page(two_stacks())},
          {"empty stacks", html_page(StackComparison{})},
          {"extreme comparison", html_page(extreme_comparison, nullptr)},
          {"extreme comparison with run", html_page(extreme_comparison, &extreme)},
          {"extreme run", html_page(extreme)},
          {"extreme stack", html_page(extreme.stack)},
          {"empty comparison", html_page(Comparison{}, nullptr)},
          {"empty comparison with empty run",
           [] {
             const Run empty;
             return html_page(Comparison{}, &empty);
           }()},
          {"empty run", html_page(Run{})},
          {"empty stack", html_page(Stack{})}};
}

// The page without what keeps a number and its unit on one line.
std::string without_bounds(std::string page) {
  RE2::GlobalReplace(&page, R"(<span class="bound">([^<]*)</span>)", R"(\1)");
  return page;
}

bool has(const std::string& page, const std::string& text) {
  return without_bounds(page).find(text) != std::string::npos;
}

std::string without_minus(std::string text) {
  const std::string minus = "−";
  if (const std::size_t at = text.find(minus); at != std::string::npos) text.replace(at, minus.size(), "-");
  return text;
}
}  // namespace

TEST(HtmlPage, IsWellFormedWhateverTheDocumentHolds) {
  for (const auto& [name, page] : all_pages()) EXPECT_EQ(why_not_well_formed(page), "") << name;
}

TEST(HtmlPage, FetchesAndExecutesNothing) {
  for (const auto& [name, page] : all_pages()) {
    EXPECT_TRUE(has(page, "content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:\""))
        << name;
    for (const char* forbidden :
         {"http:", "https:", " src=", "url(", "@import", "<script", "<link", "<iframe", " onload="}) {
      EXPECT_FALSE(has(page, forbidden)) << name << " has " << forbidden;
    }
  }
}

TEST(HtmlPage, PutsNoInfiniteOrMissingNumberIntoAPicture) {
  const RE2 not_a_place("=\"[^\"]*\\b-?(nan|inf)\\b[^\"]*\"");
  for (const auto& [name, page] : all_pages()) EXPECT_FALSE(RE2::PartialMatch(page, not_a_place)) << name;
}

TEST(HtmlPage, ShowsForeignTextAsText) {
  const std::string page = html_page(samples::extreme_run());
  EXPECT_TRUE(has(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_FALSE(has(page, "\x1b"));
  EXPECT_FALSE(has(page, "\xE2\x80\xAE")) << "a mark that reverses the direction of writing";
  EXPECT_EQ(escape_html("a<b>&\"'\n\x01"), "a&lt;b&gt;&amp;&quot;&#39; \xEF\xBF\xBD");
}

TEST(HtmlPage, CarriesItsStyle) {
  ASSERT_FALSE(embedded_file("src/report/html/page.css").empty());
  EXPECT_TRUE(has(html_page(Stack{}), "prefers-color-scheme: dark"));
}

TEST(HtmlPage, TheSameDocumentGivesTheSamePage) {
  EXPECT_EQ(html_page(samples::run()), html_page(samples::run()));
  auto other = samples::run();
  other.name = "other";
  EXPECT_NE(html_page(samples::run()).substr(0, 30000), html_page(other).substr(0, 30000));
}

TEST(ComparisonPage, SaysWhatWasFound) {
  const varve::Run run = samples::run();
  const Comparison comparison = samples::comparison();
  const std::string page = html_page(comparison, &run);
  EXPECT_TRUE(has(page, comparison.verdict));
  EXPECT_TRUE(has(page, "sgemm_kernel_COOPERLAKE"));
  EXPECT_TRUE(has(page, "sgemm_kernel_HASWELL"));
  EXPECT_TRUE(has(page,
                  "Kernels that were exchanged, or ran on one side alone, explain 93 % (88 to 97 %) of the change in "
                  "CPU time."));
  EXPECT_TRUE(has(page, "one setting differs: OPENBLAS_CORETYPE (under test)."));
  EXPECT_TRUE(has(page, "VRV-CMP-STEAL"));
  EXPECT_TRUE(has(page, "twelve of every 24 begin with A"));
  EXPECT_TRUE(has(page, stack_digest(run.stack)));
}

TEST(ComparisonPage, ANumberAndItsUnitStayOnOneLine) {
  HtmlWriter out;
  out.leaf("p", {}, "95 % interval +45 % to +60 %, 8 pairs in 12.5 ms.");
  out.leaf("code", {}, "run -n 20 x");
  EXPECT_EQ(out.take(),
            "<p><span class=\"bound\">95 %</span> interval <span class=\"bound\">+45 %</span> to "
            "<span class=\"bound\">+60 %,</span> 8 pairs in <span class=\"bound\">12.5 ms.</span></p>\n"
            "<code>run -n 20 x</code>");
}

TEST(ComparisonPage, WhatIsUnderTestStandsFirst) {
  const std::string page = html_page(samples::comparison(), nullptr);
  const std::size_t group = page.find("under test</th>"), setting = page.find("Haswell</td>");
  const std::size_t hardware = page.find("CPU microcode");
  ASSERT_NE(group, std::string::npos);
  ASSERT_NE(hardware, std::string::npos);
  EXPECT_LT(group, setting);
  EXPECT_LT(setting, hardware);
}

TEST(ComparisonPage, StepsOfTheKernelsCloseToTheTotal) {
  Comparison comparison = samples::comparison();
  KernelAccount& account = comparison.accounts.at(0);
  // More kernels than the picture has rows: the rest is folded, not lost.
  for (int i = 0; i < 40; ++i) {
    KernelChange row{.label = "small"};
    row.change = {0.001, {0, 0.002}};
    account.rows.insert(account.rows.end() - 1, row);
    account.total.value += 0.001;
  }
  const std::string page = without_bounds(html_page(comparison, nullptr));
  const RE2 step("class=\"step-value\">([^ <]+) ms<");
  std::vector<double> values;
  re2::StringPiece rest(page);
  for (std::string value; RE2::FindAndConsume(&rest, step, &value);) values.push_back(std::stod(without_minus(value)));
  ASSERT_GE(values.size(), 4u);
  const double total = values.back();
  values.pop_back();
  double sum = 0;
  for (const double value : values) sum += value;
  EXPECT_NEAR(sum, total, 0.05 * static_cast<double>(values.size() + 1)) << "each is rounded to 0.1 ms";
  EXPECT_NEAR(total, 626.3, 0.1);
}

TEST(ComparisonPage, SaysWhyThereAreNoShares) {
  Comparison comparison = samples::comparison();
  KernelAccount& account = comparison.accounts.at(0);
  account.shares_withheld = "the total change may be nothing";
  account.exchanged_share.reset();
  const std::string page = html_page(comparison, nullptr);
  EXPECT_TRUE(has(page, "the total change may be nothing"));
  EXPECT_FALSE(has(page, "100 %</td>"));
  account = {.why = "neither side was sampled"};
  EXPECT_TRUE(has(html_page(comparison, nullptr), "neither side was sampled"));
}

TEST(ComparisonPage, ShowsEachAccountWithItsQuantity) {
  Comparison comparison = samples::comparison();
  comparison.accounts.push_back(comparison.accounts.at(0));
  comparison.accounts.back().kind = kOnednnCalls;
  const std::string page = html_page(comparison, nullptr);
  EXPECT_TRUE(has(page, "Kernels: what explains the change of CPU time<"));
  EXPECT_TRUE(has(page, "Kernels: what explains the change of time in calls, by onednn-verbose<"));
  EXPECT_TRUE(has(page, "Mean time in calls a unit over 10 pairs."));
}

TEST(ComparisonPage, EveryVerdictIsExplained) {
  for (int i = 0; i <= static_cast<int>(Speed::noise); ++i) {
    MetricComparison metric{.speed = static_cast<Speed>(i)};
    EXPECT_GT(speed_meaning(metric).size(), 40u) << i;
  }
  for (int i = 0; i <= static_cast<int>(Control::undecidable); ++i) {
    Comparison comparison;
    comparison.control = static_cast<Control>(i);
    EXPECT_GT(control_meaning(comparison).size(), 40u) << i;
  }
}

TEST(ComparisonPage, NoGreenCardSaysThatADifferenceBelongsToWhatIsNotRecorded) {
  Comparison comparison = samples::comparison();
  comparison.control = Control::confounded;
  comparison.items = {{.id = "command",
                       .layer = Layer::settings,
                       .title = "command",
                       .a = "./a",
                       .b = "./b",
                       .state = ItemState::different,
                       .under_test = true,
                       .unrecorded = "what differs inside it is not recorded"}};
  const std::string page = html_page(comparison, nullptr);
  EXPECT_FALSE(has(page, "A difference in speed belongs to it"));
  EXPECT_TRUE(has(page, "Command differs, and what differs inside it is not recorded"));
}

TEST(ComparisonPage, NoiseHasNoGreenCard) {
  Comparison comparison = samples::comparison();
  comparison.control = Control::controlled;
  comparison.variable.clear();
  comparison.primary.speed = Speed::noise;
  const std::string page = html_page(comparison, nullptr);
  EXPECT_FALSE(has(page, "badge good"));
  EXPECT_FALSE(has(page, "A difference in speed belongs to it"));
}

TEST(ComparisonPage, DirectionFollowsWhatIsBetter) {
  MetricComparison metric = samples::comparison().primary;
  metric.better = Better::higher;
  EXPECT_TRUE(has(forest_picture(metric), "B faster →"));
  metric.better = Better::lower;
  EXPECT_TRUE(has(forest_picture(metric), "B slower →"));
  metric.better = Better::unknown;
  EXPECT_TRUE(has(forest_picture(metric), "more in B →"));
}

TEST(RunPage, ShowsMarksAndDoesNotCountFailedUnits) {
  auto run = samples::run();
  run.units[5].end.exit_code = 3;
  const std::string page = html_page(run);
  EXPECT_TRUE(has(page, "exit 3"));
  EXPECT_TRUE(has(page, "the median of 9 units"));
  EXPECT_TRUE(has(page, "machine steal 9 %"));
  EXPECT_TRUE(has(page, "sgemm_kernel_HASWELL"));
}

TEST(StackPage, GivesTheReasonOfWhatIsMissing) {
  const std::string page = html_page(samples::stack());
  EXPECT_TRUE(has(page, "unreadable (hidden by the hypervisor)"));
  EXPECT_TRUE(has(page, "not applicable (no GPU)"));
  EXPECT_TRUE(has(page, "/proc/meminfo: MemTotal"));
  EXPECT_TRUE(has(page, "future.fact"));
  EXPECT_TRUE(has(page, "the file has no GNU build id note"));
}

TEST(StackComparisonPage, ShowsPackagesAmongTheLayers) {
  const std::string page = html_page(two_stacks());
  EXPECT_TRUE(has(page, "GPU kernel driver"));
  EXPECT_TRUE(has(page, "? 1 of 1 unknown"));
  EXPECT_TRUE(has(page, "class=\"layers\""));
  EXPECT_TRUE(has(page, "not listed"));
  EXPECT_TRUE(has(page, "Would the software of &lt;a&gt; &amp; b run on here"));
  EXPECT_TRUE(has(page, "<title>&lt;a&gt; &amp; b → here"));
  StackComparison moved = two_stacks();
  moved.bundles = {{.item = "packages", .title = "torch 2.4.0 → 2.5.0 and what came with it", .members = {}}};
  EXPECT_TRUE(has(html_page(moved), "<title>torch 2.4.0 → 2.5.0 and what came with it"));
}

TEST(CheckPage, MarksTheFirstBrokenLinkInTheChain) {
  const std::string page = html_page(samples::check());
  EXPECT_TRUE(has(page, "class=\"link broken first-broken\""));
  EXPECT_LT(page.find("Mend it first"), page.find("The chain")) << "the answer stands above its reasons";
  Check sound;
  sound.chain = {{Layer::kernel_driver, CheckState::ok, "550"}, {Layer::handshake, CheckState::cannot_tell, ""}};
  EXPECT_TRUE(has(html_page(sound), "No link is broken; cannot tell: device handshake."));
  EXPECT_TRUE(has(page, "class=\"link cannot-tell\""));
  EXPECT_TRUE(has(page, "First broken link: framework runtime"));
}

// What was read of a text stands under its title; rules without a fact, and notes beside an error, are folded.
TEST(CheckPage, OfATextSaysWhatWasRead) {
  Check check = samples::check();
  TextAccount text;
  text.lines = 40;
  text.parts = {{"nvidia-smi", 3, 12}};
  text.conflicts = {{"driver.kernel_mode.version", "550.54.15", "535.54.03", 3, 20}};
  text.others = {"ROCm 6.2"};
  check.text = text;
  check.untold = {{"VRV-DEVICE-NOUVEAU", "gpu.bus", "not asked"}};
  check.log = LogSummary{};
  Finding note;
  note.id = "VRV-KNOWN-ISSUE";
  note.severity = Severity::note;
  check.findings = {note};
  const std::string page = html_page(check);
  EXPECT_TRUE(has(page, "read: nvidia-smi (lines 3 to 12) of 40 lines"));
  EXPECT_TRUE(has(page, "line 3 says 550.54.15, line 20 says 535.54.03"));
  EXPECT_TRUE(has(page, "it also speaks of ROCm 6.2, which is not judged"));
  EXPECT_TRUE(has(page, "<summary>1 rule without a fact</summary>"));
  EXPECT_TRUE(has(page, "<summary>1 note that accounts for no error of the log</summary>"));
}

TEST(Picture, TicksAreRoundAndInside) {
  EXPECT_EQ(round_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_TRUE(round_ticks(1, 1, 5).empty());
  EXPECT_TRUE(round_ticks(-INFINITY, 1, 5).empty());
  EXPECT_TRUE(round_ticks(NAN, 1, 5).empty());
  EXPECT_LE(round_ticks(1e300, 1.7e308, 5).size(), 21u);
}

TEST(Picture, PlacesStayInside) {
  const Scale scale = scale_over({NAN, -INFINITY, 3, 5}, 0);
  EXPECT_EQ(scale.low, 3);
  EXPECT_EQ(scale.high, 5);
  EXPECT_GE(scale.at(-1e9), 0);
  EXPECT_LE(scale.at(1e9), 100);
  EXPECT_LT(scale.at(3), scale.at(4));
}

}  // namespace varve
