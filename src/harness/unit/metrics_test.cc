#include "harness/unit/metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "harness/unit/temporary_directory.h"
#include "world/file_reader.h"

namespace varve {
namespace {

Result<std::vector<Metric>> metrics_of(std::string_view text) {
  Result<WrittenMetrics> written = parse_metrics(text);
  if (!written) return written.error();
  return std::move(written->metrics);
}

std::string error_of(std::string_view text) {
  Result<std::vector<Metric>> metrics = metrics_of(text);
  if (metrics) return "no error";
  // What stands behind is the line itself, quoted.
  return metrics.error().where + ": " + metrics.error().found.substr(0, metrics.error().found.find("; the line is: "));
}

TEST(Metrics, KeepsTheOrderOfFirstAppearanceAndMakesOneNumberOfEach) {
  Result<std::vector<Metric>> metrics = metrics_of(
      "{\"metric\": \"tokens/s\", \"value\": 10}\n"
      "{\"metric\": \"latency\", \"value\": 0.5, \"unit\": \"s\"}\r\n"
      "\n"
      "{\"metric\": \"tokens/s\", \"value\": 30}\n"
      "{\"metric\": \"tokens/s\", \"value\": 14}\n"
      "{\"metric\": \"latency\", \"value\": 1.5, \"unit\": \"s\", \"ignored\": [1]}");
  ASSERT_TRUE(metrics) << to_text(metrics.error());
  ASSERT_EQ(metrics->size(), 2u);
  EXPECT_EQ((*metrics)[0].name, "tokens/s");
  EXPECT_EQ((*metrics)[0].value, 54) << "rates of one unit are added up";
  EXPECT_EQ((*metrics)[0].combined, Combined::sum);
  EXPECT_EQ((*metrics)[0].count, 3);
  EXPECT_EQ((*metrics)[1].name, "latency");
  EXPECT_EQ((*metrics)[1].value, 1.0);
  EXPECT_EQ((*metrics)[1].unit, "s");
}

TEST(Metrics, UnitAndNameTellTheDirectionUnlessTheProgramDoes) {
  Result<std::vector<Metric>> metrics = metrics_of(
      "{\"metric\": \"a/s\", \"value\": 1}\n"
      "{\"metric\": \"b\", \"value\": 1, \"unit\": \"GB/s\"}\n"
      "{\"metric\": \"c\", \"value\": 1}\n"
      "{\"metric\": \"accuracy\", \"value\": 1, \"better\": \"higher\"}\n"
      "{\"metric\": \"errors/s\", \"value\": 1, \"better\": \"lower\"}\n");
  ASSERT_TRUE(metrics) << to_text(metrics.error());
  EXPECT_EQ((*metrics)[0].better, Better::higher);
  EXPECT_EQ((*metrics)[1].better, Better::higher);
  EXPECT_EQ((*metrics)[2].better, Better::unknown);
  EXPECT_EQ((*metrics)[3].better, Better::higher);
  EXPECT_EQ((*metrics)[4].better, Better::lower);
}

TEST(Metrics, OneLineMayGiveTheDirectionOfAll) {
  Result<std::vector<Metric>> metrics = metrics_of(
      "{\"metric\": \"widgets\", \"value\": 1}\n"
      "{\"metric\": \"widgets\", \"value\": 1, \"better\": \"higher\"}\n"
      "{\"metric\": \"widgets\", \"value\": 1}\n");
  ASSERT_TRUE(metrics) << to_text(metrics.error());
  EXPECT_EQ((*metrics)[0].better, Better::higher);
}

TEST(Metrics, TheHintShowsHowToGiveTheDirection) {
  const Result<std::vector<Metric>> metrics = metrics_of("no json");
  ASSERT_FALSE(metrics);
  EXPECT_NE(metrics.error().hint.find(R"("better": "higher")"), std::string::npos) << metrics.error().hint;
}

TEST(Metrics, ErrorsNameTheLine) {
  EXPECT_EQ(error_of(""), "no error");
  EXPECT_TRUE(error_of("{\"metric\": \"a\", \"value\": 1}\nspeed: 12\n").starts_with("metrics line 2: "));
  EXPECT_EQ(error_of("[1]"), "metrics line 1: not a JSON object");
  EXPECT_EQ(error_of("{\"value\": 1}"), "metrics line 1: no text member \"metric\"");
  EXPECT_EQ(error_of("{\"metric\": \" \", \"value\": 1}"), "metrics line 1: \"metric\" is empty");
  EXPECT_EQ(error_of("{\"metric\": \"a\", \"value\": \"1\"}"), "metrics line 1: no number \"value\"");
  EXPECT_EQ(error_of("{\"metric\": \"a\", \"value\": 1, \"better\": \"big\"}"),
            "metrics line 1: \"better\" is neither \"higher\" nor \"lower\"");
  EXPECT_EQ(error_of("{\"metric\": \"wall time\", \"value\": 1}"),
            "metrics line 1: \"wall time\" is measured by Varve itself");
  EXPECT_EQ(error_of("{\"metric\": \"a\\u0007\", \"value\": 1}"), "metrics line 1: \"metric\" has a control character");
  EXPECT_NE(error_of("{\"metric\": \"a\", \"value\": 1e999}"), "no error");
  EXPECT_NE(error_of("{\"metric\": \"a\", \"value\": NaN}"), "no error");
}

TEST(Metrics, UnitAndDirectionMayNotChange) {
  EXPECT_EQ(
      error_of(
          "{\"metric\": \"a\", \"value\": 1, \"unit\": \"s\"}\n{\"metric\": \"a\", \"value\": 1, \"unit\": \"ms\"}"),
      "metrics line 2: the unit of \"a\" changes from \"s\" to \"ms\"");
  EXPECT_EQ(error_of("{\"metric\": \"a\", \"value\": 1, \"better\": \"lower\"}\n"
                     "{\"metric\": \"a\", \"value\": 1, \"better\": \"higher\"}"),
            "metrics line 2: \"better\" of \"a\" changes");
}

TEST(Metrics, SizesAreLimited) {
  const std::string long_name(201, 'x');
  EXPECT_EQ(error_of("{\"metric\": \"" + long_name + "\", \"value\": 1}"),
            "metrics line 1: \"metric\" is longer than 200 bytes");
  EXPECT_EQ(error_of(std::string(70'000, ' ')), "metrics line 1: longer than 65536 bytes");
  std::string many;
  for (int i = 0; i <= 1000; ++i) many += "{\"metric\": \"m" + std::to_string(i) + "\", \"value\": 1}\n";
  EXPECT_EQ(error_of(many), "metrics line 1001: more than 1000 metrics");
}

TEST(Metrics, TheMedianOfHugeValuesIsFinite) {
  Result<std::vector<Metric>> metrics =
      metrics_of("{\"metric\": \"a\", \"value\": 1.7e308}\n{\"metric\": \"a\", \"value\": 1.7e308}\n");
  ASSERT_TRUE(metrics);
  EXPECT_EQ((*metrics)[0].value, 1.7e308);
}

TEST(Metrics, QuotesALineThatCannotBeRead) {
  const Result<WrittenMetrics> written = parse_metrics("{\"metric\": \"a\", \"value\": 1}\n{\"metric\": \"a\", \"va");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().where, "metrics line 2");
  EXPECT_TRUE(written.error().found.ends_with("; the line is: {\"metric\": \"a\", \"va")) << written.error().found;
}

TEST(Metrics, ALineSaysOfWhichRankItIsAndHowSeveralBecomeOne) {
  const auto value = [](const std::string& members) {
    const std::string line = "{\"metric\": \"accuracy\", \"value\": ";
    const auto metrics = metrics_of(line + "1" + members + "}\n" + line + "3" + members + "}\n");
    return metrics && !metrics->empty() ? metrics->at(0).value : -1;
  };
  EXPECT_EQ(value(", \"combine\": \"mean\""), 2);
  EXPECT_EQ(value(", \"combine\": \"highest\""), 3);
  EXPECT_EQ(value(""), -1) << "nobody says how";
  EXPECT_NE(error_of("{\"metric\": \"a\", \"value\": 1, \"combine\": \"product\"}"), "no error");
  EXPECT_NE(error_of("{\"metric\": \"a\", \"value\": 1, \"rank\": -1}"), "no error");
}

// Whether what a unit does to the file leaves it to the next one.
bool stays_after(const std::function<void(const std::string&)>& unit) {
  const Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  if (!directory) return false;
  MetricsPlace place(directory->path() + "/metrics");
  ReportedMetrics reported;
  if (!place.make()) return false;
  // Held open, so that no other file gets its inode.
  const FileHandle held(open(place.path().c_str(), O_RDONLY | O_CLOEXEC));
  unit(place.path());
  (void)place.read(reported);
  struct stat before {
  }, after{};
  EXPECT_TRUE(place.make());
  EXPECT_EQ(fstat(held.fd(), &before), 0);
  EXPECT_EQ(lstat(place.path().c_str(), &after), 0);
  EXPECT_TRUE(S_ISREG(after.st_mode) && after.st_size == 0 && after.st_nlink == 1);
  return before.st_ino == after.st_ino;
}

TEST(Metrics, AFileThatAUnitTouchedIsNotLeftToTheNext) {
  EXPECT_TRUE(stays_after([](const std::string&) {}));
  EXPECT_FALSE(stays_after([](const std::string& path) { std::ofstream(path) << "\n"; }));
  EXPECT_FALSE(stays_after([](const std::string& path) { EXPECT_EQ(chmod(path.c_str(), 0400), 0); }));
  EXPECT_FALSE(stays_after([](const std::string& path) { EXPECT_EQ(unlink(path.c_str()), 0); }));
  EXPECT_FALSE(stays_after([](const std::string& path) { EXPECT_EQ(link(path.c_str(), (path + "2").c_str()), 0); }));
  EXPECT_FALSE(stays_after([](const std::string& path) {
    EXPECT_EQ(unlink(path.c_str()), 0);
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  }));
}

TEST(Metrics, OneThatSomebodyMayHoldIsAbandoned) {
  const Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  ASSERT_TRUE(directory);
  MetricsPlace place(directory->path() + "/metrics");
  ASSERT_TRUE(place.make());
  std::ofstream held(place.path());
  place.abandon();
  ASSERT_TRUE(place.make());
  held << "{\"metric\": \"late\", \"value\": 1}\n" << std::flush;
  ReportedMetrics reported;
  EXPECT_EQ(*place.read(reported), MetricsFile::empty);
}

TEST(Metrics, OnlyARegularFileIsRead) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  ASSERT_TRUE(directory);
  MetricsPlace place(directory->path() + "/metrics");
  const std::string& path = place.path();
  ReportedMetrics reported;
  EXPECT_EQ(*place.read(reported), MetricsFile::vanished);
  ASSERT_TRUE(place.make());
  EXPECT_EQ(*place.read(reported), MetricsFile::empty);
  EXPECT_TRUE(reported.empty());
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(place.read(reported));
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", path.c_str()), 0);
  EXPECT_FALSE(place.read(reported));
}

}  // namespace
}  // namespace varve
