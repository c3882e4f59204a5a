#include "rules/log/log_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "rules/log/log_text.h"

namespace varve {
namespace {

const ErrorPatterns& reader_patterns() {
  static const Knowledge knowledge = *load_knowledge();
  static const ErrorPatterns loaded = *load_error_patterns(knowledge);
  return loaded;
}

LogReading read(std::string_view text) { return read_log_text(text, reader_patterns()); }

std::vector<std::string> read_ids(const LogReading& log) {
  std::vector<std::string> ids;
  for (const ExplainedError& error : log.errors) ids.push_back(error.pattern);
  return ids;
}

std::string fact_in(const LogReading& log, const std::string& id) {
  const auto at = log.facts.find(id);
  return at == log.facts.end() ? "none" : fact_text(at->second);
}

std::string cleaned(std::string_view raw) {
  LogCleaner cleaner;
  std::string text;
  for (const char c : raw) cleaner.add({&c, 1}, text);  // a piece may end anywhere
  return text;
}

const std::string kNoise = "2026-11-21 10:00:00 INFO step 1200 loss 2.31 tokens/s 18233 lr 3.0e-4 cuda:0 100%\n";

TEST(LogReader, CountsRepeatsAndKeepsTheFirstLine) {
  std::string text = kNoise + kNoise;
  for (int i = 0; i < 3; ++i) text += "RuntimeError: CUDA error: no kernel image is available for execution\n" + kNoise;
  const LogReading log = read(text);
  ASSERT_EQ(read_ids(log), std::vector<std::string>{"cuda-209"});
  EXPECT_EQ(log.errors[0].line, 3);
  EXPECT_EQ(log.errors[0].times, 3);
  EXPECT_EQ(log.errors[0].text, "RuntimeError: CUDA error: no kernel image is available for execution");
  EXPECT_EQ(log.errors[0].category, FaultCategory::kernel_coverage);
  EXPECT_FALSE(log.errors[0].fix.empty());
  EXPECT_EQ(log.lines, 8);
}

TEST(LogReader, ColoursTimesAndRanksHideNothing) {
  for (const char* line : {
           "\x1b[31mRuntimeError:\x1b[0m CUDA error: no kernel \x1b[1mimage\x1b[0m is available for execution\r\n",
           "[rank3]: RuntimeError: CUDA error: no kernel image is available for execution on the device\n",
           "2026-11-21T10:00:00.123Z node-7 trainer[412]: no kernel image is available for execution\n",
           "{\"level\":\"error\",\"msg\":\"RuntimeError: CUDA error:\\nno kernel image is available for execution\"}\n",
       }) {
    EXPECT_EQ(read_ids(read(line)), std::vector<std::string>{"cuda-209"}) << line;
  }
  std::string wide = "\xFF\xFE";  // UTF-16, as PowerShell writes it
  for (const char c : std::string("no kernel image is available for execution\n")) (wide += c) += '\0';
  EXPECT_EQ(read_ids(read(wide)), std::vector<std::string>{"cuda-209"});
}

TEST(LogReader, AMessageOverTwoLinesMayHaveAPrefixOnEach) {
  for (const std::string prefix :
       {"", "[rank0]: ", "  ", "2026-11-21 10:00:00,123 ERROR [builder] ", "\x1b[32m(pid=7)\x1b[0m "}) {
    const LogReading log =
        read(prefix + "The detected CUDA version (12.3) mismatches the version that was used to compile\n" + prefix +
             "PyTorch (11.8). Please make sure to use the same CUDA versions.\n");
    ASSERT_FALSE(log.errors.empty());
    EXPECT_EQ(log.errors[0].pattern, "toolkit-mismatch") << prefix;
    EXPECT_NE(log.errors[0].cause.find("11.8"), std::string::npos);
    EXPECT_EQ(fact_in(log, "toolkit.nvcc.version"), "12.3");
  }
}

TEST(LogReader, TheMessageThatNamesTheCauseStandsFirstAndOfEqualsTheLast) {
  const LogReading log = read(
      "RuntimeError: No CUDA GPUs are available\n"
      "UserWarning: CUDA initialization: The NVIDIA driver on your system is too old (found version 11040).\n"
      "libfoo.so.3: cannot open shared object file\n"
      "x.so: undefined symbol: bar_baz\n"
      "ERROR: Failed building wheel for flash-attn\n");
  EXPECT_EQ(read_ids(log), (std::vector<std::string>{"torch-old-driver", "torch-no-gpus", "symbol-undefined",
                                                     "library-other", "build-failed"}));
}

TEST(LogReader, FactsOfTheMachineAreDeclaredWithTheirLine) {
  const LogReading log = read(
      "+-----------------------------------------------------------------------------+\n"
      "| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2     |\n"
      "GPU 0: NVIDIA L40S (UUID: GPU-1)\nGPU 1: NVIDIA L40S (UUID: GPU-2)\n"
      "PyTorch version: 2.3.1+cu121\n[pip3] nvidia-cudnn-cu12==8.9.2.26\n[pip3] torch==2.3.1+cu121\n"
      "with CUDA capability sm_89 is not compatible with the current PyTorch installation.\n");
  EXPECT_EQ(fact_in(log, "driver.kernel_mode.version"), "535.104.05");
  EXPECT_EQ(fact_in(log, "driver.api_level"), "12.2");
  EXPECT_EQ(fact_in(log, "gpu.models"), "NVIDIA L40S, NVIDIA L40S");
  EXPECT_EQ(fact_in(log, "gpu.compute_capabilities"), "8.9");
  EXPECT_EQ(log.facts.at("driver.api_level").standing, Standing::declared);
  EXPECT_EQ(log.facts.at("driver.api_level").source, "log line 2");
  ASSERT_EQ(log.packages.size(), 2U);
  EXPECT_EQ(log.packages[0].name, "nvidia-cudnn-cu12");
  EXPECT_EQ(log.packages[0].version, "8.9.2.26");
}

TEST(LogReader, BothBannersAndOldNumbersGiveTheApiLevel) {
  EXPECT_EQ(
      fact_in(read("| NVIDIA-SMI 610.43.02   KMD Version: 610.43.02   CUDA UMD Version: 13.3 |"), "driver.api_level"),
      "13.3");
  EXPECT_EQ(fact_in(read("The NVIDIA driver on your system is too old (found version 11040)."), "driver.api_level"),
            "11.4");
  EXPECT_EQ(fact_in(read("The NVIDIA driver on your system is too old (found version 0)."), "driver.api_level"),
            "none");
  const LogReading halves = read(
      "NVRM: API mismatch: the client 'nvidia-smi' (pid 12)\nNVRM: has the version 535.104.05, but\n"
      "NVRM: this kernel module has the version 535.54.03.  Please\n");
  EXPECT_EQ(fact_in(halves, "driver.user_mode.version"), "535.104.05");
  EXPECT_EQ(fact_in(halves, "driver.kernel_mode.version"), "535.54.03");
}

TEST(LogReader, FactsCompleteWhatIsNotKnownAndContradictionsAreNamed) {
  const LogReading log = read("| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2     |\n");
  std::map<std::string, Fact> facts = {
      {"driver.kernel_mode.version", known_fact(std::string("550.54.15"), "/proc")},
      {"driver.api_level", missing_fact(Missing::denied, "libcuda")},
  };
  EXPECT_EQ(complete_facts(facts, log), std::vector<std::string>{"driver.kernel_mode.version"});
  EXPECT_EQ(fact_text(facts.at("driver.api_level")), "12.2");
  EXPECT_EQ(fact_text(facts.at("driver.kernel_mode.version")), "550.54.15");
}

TEST(LogReader, WindowsNeitherLoseNorDoubleAMessage) {
  // 5 MiB: a message every 100 lines and one over two lines, so that some stand on the edges of windows.
  std::string text;
  std::int64_t singles = 0, doubles = 0;
  while (text.size() < (5U << 20)) {
    for (int i = 0; i < 97; ++i) text += kNoise;
    text += "[7]: CUDA error: device-side assert triggered\n";
    text +=
        "[7]: The detected CUDA version (12.3) mismatches the version that was used to compile\n[7]: PyTorch (11.8).\n";
    ++singles;
    ++doubles;
  }
  const LogReading log = read(text);
  ASSERT_EQ(read_ids(log), (std::vector<std::string>{"toolkit-mismatch", "cuda-710"}));
  EXPECT_EQ(log.errors[0].times, doubles);
  EXPECT_EQ(log.errors[1].times, singles);
  EXPECT_EQ(log.errors[1].line, 98);
  EXPECT_EQ(log.lines, std::count(text.begin(), text.end(), '\n'));
}

TEST(LogReader, ManyDifferentMessagesStayBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "x.so: undefined symbol: name_" + std::to_string(i) + "\n";
  const LogReading log = read(text);
  EXPECT_LE(log.errors.size(), 12U);
  std::int64_t times = 0;
  for (const ExplainedError& error : log.errors) times += error.times;
  EXPECT_EQ(times, 5000);
}

TEST(LogReader, OneLineWithoutEndAndAnyBytesAreRead) {
  std::string text(3U << 20, 'x');
  text += " no kernel image is available for execution ";
  for (int i = 0; i < 4096; ++i) text += static_cast<char>(i);
  const LogReading log = read(text);
  EXPECT_EQ(read_ids(log), std::vector<std::string>{"cuda-209"});
  EXPECT_LE(log.errors[0].text.size(), 240U);
  EXPECT_TRUE(read("").errors.empty());
  EXPECT_EQ(read("").lines, 0);
}

TEST(LogReader, APipeIsReadToItsEndOrToTheCap) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string text = kNoise + "CUDA error: device-side assert triggered\n";
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  const auto log = read_log(ends[0], "-", reader_patterns());
  close(ends[0]);
  ASSERT_TRUE(log);
  EXPECT_EQ(read_ids(*log), std::vector<std::string>{"cuda-710"});
  EXPECT_EQ(log->bytes, static_cast<std::int64_t>(text.size()));
  EXPECT_FALSE(log->is_cut);

  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  const auto cut = read_log(ends[0], "-", reader_patterns(), static_cast<std::int64_t>(kNoise.size()));
  close(ends[0]);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->is_cut);
  EXPECT_TRUE(cut->errors.empty());
  EXPECT_FALSE(read_log(-1, "nowhere", reader_patterns()));
}

TEST(LogCleaner, TakesOutWhatHidesTheTextAndKeepsLines) {
  EXPECT_EQ(cleaned("\x1b[1;31mred\x1b[0m\r\n"), "red \n");
  EXPECT_EQ(cleaned("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ end"), "link end");
  EXPECT_EQ(cleaned("a\\nb C:\\Program \\\\ \\"), "a  b C:\\Program \\\\ ");
  EXPECT_EQ(cleaned("\x1b[31\nnext"), "\nnext");
  EXPECT_EQ(cleaned("couldn‘t “x” ── … \xe2\n\xe2\x80\n"), "couldn't \"x\" ── … \xe2\n\xe2\x80\n");
}

}  // namespace
}  // namespace varve
