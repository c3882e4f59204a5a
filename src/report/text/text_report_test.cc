#include "report/text/text_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "report/samples_test.h"

namespace varve {

namespace {
bool shows(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string without_blanks(const std::string& text) {
  std::string dense;
  for (const std::string_view word : split_words(text)) dense += word;
  return dense;
}

std::vector<std::string> all_texts(const TextStyle& style) {
  const Run run = samples::run(), extreme = samples::extreme_run();
  return {text_comparison(samples::comparison(), true, style),
          text_comparison(samples::comparison(), false, style),
          text_comparison(samples::extreme_comparison(), true, style),
          text_comparison(Comparison{}, true, style),
          text_trace_comparison(samples::trace_comparison(), false, style),
          text_trace_comparison(samples::extreme_trace_comparison(), true, style),
          text_trace_comparison(TraceComparison{}, true, style),
          text_check(samples::check(), true, style),
          text_check(samples::extreme_check(), false, style),
          text_check(Check{}, true, style),
          text_overview(samples::check(), style),
          text_overview(samples::extreme_check(), style),
          text_run(run, style),
          text_run(extreme, style),
          text_run(Run{}, style),
          text_stack(run.stack, style),
          text_stack(extreme.stack, style),
          text_stack(Stack{}, style)};
}
}  // namespace

TEST(TextCheck, NamesTheFirstBrokenLinkAndTheFix) {
  const std::string text = text_check(samples::check(), false, {});
  EXPECT_TRUE(shows(text, "First broken link: framework runtime"));
  EXPECT_TRUE(shows(text, "VRV-RUNTIME-DRIVER-CEILING"));
  EXPECT_TRUE(shows(text, "line 12, 3 times"));
  EXPECT_TRUE(shows(text, "Unsupported .version 9.2"));
  EXPECT_TRUE(shows(text, "driver.device_nodes is denied (1 rule)"));
}

// A log whose error nothing on the stack accounts for, and notes about speed.
Check failed_check() {
  Check check = samples::check();
  check.errors.front().explained_by = "";
  check.errors.push_back(check.errors.front());
  check.errors.back().line = 40;
  check.findings = {
      {"VRV-LOG-ERROR", Layer::kernel_driver, Severity::error, Mender::platform, "log line 12: too old",
       "the driver is older than the runtime", "a newer driver", "PyTorch", FaultCategory::driver_ceiling},
      {"VRV-SPEED-ONE", Layer::settings, Severity::note, Mender::platform, "slow", "slower", "x", "y"},
      {"VRV-SPEED-TWO", Layer::settings, Severity::note, Mender::platform, "slow", "slower", "x", "y"}};
  return check;
}

TEST(TextCheck, AnAnswerAboutAFailureLeadsWithIt) {
  const std::string text = text_check(failed_check(), false, {});
  EXPECT_LT(text.find("What the log says"), text.find("kernel 535.183.06"));
  EXPECT_FALSE(shows(text, "VRV-SPEED-ONE"));
  EXPECT_TRUE(shows(text, "and 2 notes that account for no error of the log: --explain shows them"));
  EXPECT_TRUE(shows(text_check(failed_check(), true, {}), "VRV-SPEED-ONE"));
  Check sound = failed_check();
  sound.errors.clear();
  EXPECT_TRUE(shows(text_check(sound, false, {}), "VRV-SPEED-ONE")) << "nobody asked about a failure";
}

TEST(TextCheck, SaysNothingOfTheLogTwice) {
  const std::string text = text_check(failed_check(), true, {});
  const std::string cause = "the driver is older than the runtime";
  ASSERT_TRUE(shows(text, cause));
  EXPECT_EQ(text.find(cause, text.find(cause) + 1), std::string::npos);
  EXPECT_TRUE(shows(text, "line 40")) << "another place with the same cause";
  EXPECT_FALSE(shows(text, "VRV-LOG-ERROR"));
}

TEST(TextCheck, AConsumerWithNothingToJudgeTakesALine) {
  Check check = samples::check();
  const std::size_t before = split(text_check(check, false, {}), '\n').size();
  ConsumerVerdict idle{.name = "numpy 2.1", .environment = "~/venv", .state = CheckState::not_applicable};
  idle.answers = {{Question::driver, CheckState::not_applicable, "its own files use no CUDA"},
                  {Question::libraries, CheckState::not_applicable, "it has none that load CUDA"}};
  check.consumers.push_back(idle);
  const std::string text = text_check(check, false, {});
  EXPECT_EQ(split(text, '\n').size(), before + 1);
  EXPECT_TRUE(shows(text, "numpy 2.1 in ~/venv: nothing to judge: its own files use no CUDA"));
}

TEST(TextCheck, GivesOneScreenOfAMachine) {
  const std::string text = text_overview(samples::check(), {});
  EXPECT_TRUE(shows(text, "varve explain VRV-RUNTIME-DRIVER-CEILING"));
  EXPECT_TRUE(shows(text, "1 error, 0 warnings, 0 notes"));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 25);
}

TEST(Text, KeepsToItsWidth) {
  for (const int width : {80, 100, 160}) {
    for (const std::string& text : all_texts({.width = width})) {
      for (const std::string_view line : split(text, '\n')) {
        EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
        EXPECT_FALSE(line.ends_with(' ')) << "'" << line << "'";
      }
      EXPECT_TRUE(text.ends_with('\n'));
    }
  }
}

TEST(Text, SteersATerminalOnlyWhenAskedTo) {
  for (const std::string& text : all_texts({})) EXPECT_FALSE(shows(text, "\x1b"));
  EXPECT_TRUE(shows(text_comparison(samples::comparison(), false, {.colour = true}), "\x1b[1m"));
  // An escape sequence inside a document never gets through, with or without colour.
  const std::string text = text_comparison(samples::extreme_comparison(), true, {.colour = true});
  EXPECT_FALSE(shows(text, "\x1b]0;"));
  EXPECT_FALSE(shows(text, "\x07"));
}

TEST(Text, ColourChangesNothingButColour) {
  const std::string plain = text_run(samples::run(), {});
  std::string coloured = text_run(samples::run(), {.colour = true});
  for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
    coloured.erase(at, coloured.find('m', at) + 1 - at);
  }
  EXPECT_EQ(coloured, plain);
}

TEST(TextStack, Golden) {
  Stack stack{.captured_at = "2026-11-21T01:35:00Z", .tool_version = "0.1.0"};
  stack.facts["cpu.model"] = known_fact(std::string("Example CPU"), "/proc/cpuinfo");
  stack.facts["memory.total"] = known_fact(std::int64_t{8589934592}, "/proc/meminfo");
  stack.facts["driver.kernel_mode.version"] = missing_fact(Missing::not_applicable, "/sys", "no GPU");
  stack.libraries = {{"/lib/libx.so.1", "abcd", "", false}, {"/lib/liby.so", "", "no note", false}};
  const std::string text = text_stack(stack, {.width = 200});
  EXPECT_EQ(text,
            "Stack of host\n"
            "captured 2026-11-21T01:35:00Z by Varve 0.1.0; 2 of 3 facts known; digest sha256:" +
                stack_digest(stack) +
                "\n"
                "\n"
                "hardware\n"
                "  CPU model  Example CPU\n"
                "  memory     8.00 GiB\n"
                "\n"
                "kernel driver\n"
                "  GPU kernel driver  not applicable (no GPU)\n"
                "\n"
                "libraries mapped\n"
                "  file            build id\n"
                "  /lib/libx.so.1  abcd\n"
                "  /lib/liby.so    no build id: no note\n");
}

TEST(TextComparison, Golden) {
  Comparison comparison;
  comparison.verdict = "B is 8 % faster than A.";
  comparison.a = {"A", "./x", 10, 0.01};
  comparison.b = {"B", "S=1 ./x", 10, 0.01};
  comparison.primary = {.metric = "tokens/s", .unit = "1/s", .better = Better::higher, .pairs = 10};
  comparison.primary.a_median = 100;
  comparison.primary.b_median = 108;
  comparison.primary.ratio = {1.08, {1.07, 1.09}};
  comparison.primary.pair_spread = 0.012;
  comparison.primary.speed = Speed::faster;
  comparison.items = {{"cpu.model", Layer::hardware, "CPU model", "X", "X", ItemState::shared, false},
                      {"settings.S", Layer::settings, "S", "(not set)", "1", ItemState::different, true}};
  KernelAccount account{.available = true, .pairs = 10};
  account.a_seconds = 1;
  account.b_seconds = 0.9;
  account.total = {-0.1, {-0.12, -0.08}};
  account.rows = {{"f: OLD → NEW",
                   KernelState::replaced,
                   Family::gemm,
                   "libx.so",
                   {"f_OLD"},
                   {"f_NEW"},
                   0.9,
                   0.81,
                   {-0.09, {-0.11, -0.07}},
                   0.003,
                   Estimate{0.9, {0.85, 0.95}}},
                  {"(not sampled)",
                   KernelState::remainder,
                   Family::other,
                   "",
                   {},
                   {},
                   0.1,
                   0.09,
                   {-0.01, {-0.02, 0}},
                   0.001,
                   Estimate{0.1, {0.05, 0.15}}}};
  account.exchanged_share = Estimate{0.9, {0.85, 0.95}};
  comparison.accounts = {account};
  EXPECT_EQ(text_comparison(comparison, false, {.width = 120}),
            "B is 8 % faster than A.\n"
            "faster · controlled\n"
            "\n"
            "  A    ./x\n"
            "  B    S=1 ./x\n"
            "\n"
            "  metric                    A        B  change     95 % interval  pairs  B is\n"
            "  tokens/s (primary)  100.0/s  108.0/s  +8.0 %  +7.0 % to +9.0 %     10  faster\n"
            "  Medians; change: geometric mean of B / A; higher is better; margin ±1 %; spread of a pair 1.2 %\n"
            "\n"
            "What differs\n"
            "  Hardware is the same; one setting differs: S (under test).\n"
            "     what  layer     A          B\n"
            "  ≠  S     settings  (not set)  1  under test\n"
            "  = 1 item is the same (--explain names them)\n"
            "\n"
            "Kernels: what explains the change of CPU time\n"
            "  Kernels that were exchanged, or ran on one side alone, explain 90 % (85 to 95 %) of the change in "
            "CPU time.\n"
            "  kernel                    A, ms  B, ms      B − A, ms               share\n"
            "  f: OLD → NEW   replaced   900.0  810.0   −90.0 ± 20.0   90 % (85 to 95 %)\n"
            "  (not sampled)             100.0   90.0   −10.0 ± 10.0  10 % (5.0 to 15 %)\n"
            "  total                    1000.0  900.0  −100.0 ± 20.0               100 %\n"
            "  CPU time, mean over 10 pairs; ±: half of the 95 % interval\n");
}

TEST(TextComparison, ExplainNamesTheSameAndTheReasons) {
  const Comparison comparison = samples::comparison();
  const std::string brief = text_comparison(comparison, false, {}), full = text_comparison(comparison, true, {});
  EXPECT_FALSE(shows(brief, "OMP_NUM_THREADS"));
  EXPECT_TRUE(shows(full, "OMP_NUM_THREADS"));
  EXPECT_TRUE(shows(without_blanks(full), without_blanks(comparison.reasons[0])));
  EXPECT_TRUE(shows(brief, "10 items are the same, 1 does not apply"));
}

// One C++ name over 42 lines, and 398 lines in all: what a screen holds is what is read.
TEST(TextComparison, TakesAScreenAtMostWhateverRan) {
  Comparison comparison = samples::comparison();
  KernelAccount& account = comparison.accounts.at(0);
  const KernelChange kernel = account.rows.front();
  for (int i = 0; i < 60; ++i) {
    account.rows.insert(account.rows.begin(), kernel);
    account.rows.front().label =
        "void at::native::vectorized_elementwise_kernel<4, " + std::string(300, 'x') + ">(int, char*)";
    comparison.items.push_back({.id = "library.lib" + std::to_string(i),
                                .layer = Layer::os,
                                .title = std::string(200, 'y'),
                                .a = std::string(200, 'a'),
                                .b = std::string(200, 'b'),
                                .state = ItemState::different,
                                .under_test = false,
                                .unrecorded = {}});
  }
  const std::string text = text_comparison(comparison, false, {});
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60) << text;
  EXPECT_TRUE(shows(text, " more)"));
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(display_width(text.substr(start, end - start)), 100u) << text.substr(start, end - start);
    start = end + 1;
  }
}

TEST(TextComparison, ShowsEachAccountWithItsQuantity) {
  Comparison comparison = samples::comparison();
  comparison.accounts.push_back(comparison.accounts.at(0));
  comparison.accounts.back().kind = kOnednnCalls;
  EXPECT_TRUE(shows(text_comparison(comparison, false, {}), "1 account of another quantity beside it"));
  const std::string text = text_comparison(comparison, true, {.width = 120});
  EXPECT_TRUE(shows(text, "Kernels: what explains the change of CPU time\n"));
  EXPECT_TRUE(shows(text, "Kernels: what explains the change of time in calls, by onednn-verbose\n"));
  EXPECT_TRUE(shows(text, "of the change in time in calls."));
}

TEST(TextRun, ShowsEachProfileOfASide) {
  auto run = samples::run();
  const std::string only_samples = text_run(run, {});
  EXPECT_TRUE(shows(only_samples, "Kernels of A\n"));
  EXPECT_FALSE(shows(only_samples, "onednn"));
  for (Unit& unit : run.units) {
    Profile& calls = unit.profiles.by_kind[kOnednnCalls];
    calls.whole_ns = 2'000'000'000;
    ProfileRow row{
        .key = {.activity = Activity::call, .kernel = run.kernels.intern({.key = {"matmul brg", "oneDNN", ""}})}};
    row.time.add(500'000'000);
    add_rows(calls, {row});
  }
  const std::string both = text_run(run, {});
  EXPECT_TRUE(shows(both, "Kernels of A: time in calls, by onednn-verbose\n"));
  EXPECT_TRUE(shows(both, "(outside oneDNN)"));
  const std::string before_a =
      both.substr(both.find("Kernels of A\n"), both.find("Kernels of A: ") - both.find("Kernels of A\n"));
  EXPECT_TRUE(shows(only_samples, before_a)) << "what another witness saw changes nothing about the first";
}

TEST(TextRun, SaysWhichPartOfAUnitItIsOf) {
  varve::Run run = samples::run();
  run.protocol.primary_metric = "tokens/s";
  const std::string whole = without_blanks(text_run(run, {.width = 200}));
  EXPECT_TRUE(shows(whole, "allofaunit:nolineoftokens/ssayswhenitwasmeasured(start_ns,end_ns)")) << whole;
  EXPECT_FALSE(shows(whole, "outsideofwhat"));
  run.protocol.primary_metric = "wall time";
  EXPECT_TRUE(shows(without_blanks(text_run(run, {.width = 200})), "allofaunit:walltimeisofallofit"));

  run.protocol.primary_metric = "tokens/s";
  for (Unit& unit : run.units) {
    unit.wall_seconds = 8;
    unit.window = MeasuredWindow{5'000'000'000, 7'000'000'000, 1'500'000'000, 3};
    unit.threads_at_work = 2;
    unit.cpus = "0-1";
    const auto cpu = unit.profiles.by_kind.find(kCpuSamples);
    if (cpu == unit.profiles.by_kind.end()) continue;
    cpu->second.before_ns = 4'000'000'000;
    cpu->second.after_ns = 500'000'000;
  }
  const std::string text = without_blanks(text_run(run, {.width = 200}));
  EXPECT_TRUE(shows(text, "evidenceofAtokens/sspeaksof1.50softhe8.00sofaunit,from5.00son,inupto3stretches")) << text;
  EXPECT_TRUE(shows(text, "outsideofwhattokens/sspeaksof:4.50sofCPUtimeaunit(4.00sbefore,500msafter)")) << text;
  EXPECT_TRUE(shows(text, "CPUtimeofthewindow")) << text;
  EXPECT_TRUE(shows(text, "threadsofA2threadsatworkinaunit,onCPUs0-1")) << text;

  for (Unit& unit : run.units) {
    if (unit.index % 2 == 0) continue;
    unit.window.reset();
    unit.window_fault = "tokens/s: metrics line 1";
  }
  EXPECT_TRUE(shows(without_blanks(text_run(run, {.width = 200})), "theothersaretakenwhole"));
}

TEST(TextRun, NamesUnitsThatFailedOrAreMarked) {
  auto run = samples::run();
  run.units[4].end.signal = 9;
  const std::string text = text_run(run, {});
  EXPECT_TRUE(shows(text, "signal 9"));
  EXPECT_TRUE(shows(text, "machine steal 9 %"));
  EXPECT_TRUE(shows(text, "(not sampled)"));
}

}  // namespace varve
