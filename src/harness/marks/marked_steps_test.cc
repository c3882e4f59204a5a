#include "harness/marks/marked_steps.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace varve {
namespace {

// As src/inject/marks/marks.h lays it out.
struct MadeRow {
  std::uint64_t first_ns = 0, last_ns = 0, total_ns = 0, count = 0;
  std::uint32_t thread = 1, has_number = 1;
  char name[64] = {};
};

std::string marks_of(const std::vector<MadeRow>& rows) {
  std::string bytes(32, '\0');
  std::memcpy(bytes.data(), "varve-marks 1", 13);
  const auto count = static_cast<std::uint32_t>(rows.size());
  std::memcpy(bytes.data() + 20, &count, sizeof count);
  for (const MadeRow& row : rows) bytes.append(reinterpret_cast<const char*>(&row), sizeof row);
  return bytes;
}

MadeRow row_of(const char* name, std::uint64_t first_ns, std::uint64_t last_ns, std::uint64_t count,
               bool has_number = true) {
  MadeRow row{.first_ns = first_ns,
              .last_ns = last_ns,
              .total_ns = last_ns - first_ns,
              .count = count,
              .has_number = has_number ? 1u : 0u};
  std::strncpy(row.name, name, sizeof row.name - 1);
  return row;
}

constexpr Stretch kLifeOfUnit{1000, 9000};

TEST(MarkedSteps, AreTheAnnotationThatCoversMost) {
  static_assert(sizeof(MadeRow) == 104);
  const std::string bytes = marks_of(
      {row_of("iter ", 2000, 2500, 4), row_of("step_", 3000, 6000, 9), row_of("train_step", 3100, 3200, 9, false)});
  const std::vector<MarksRow> rows = parse_marks(bytes);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].annotation, "train_step");
  const auto steps = steps_of(rows, kLifeOfUnit);
  ASSERT_TRUE(steps);
  EXPECT_EQ(steps->annotation, "step_N");
  EXPECT_EQ(steps->count, 9u);
  EXPECT_EQ(steps->stretches, (std::vector<Stretch>{{3000, 6000}}));
  const auto torch =
      steps_of(parse_marks(bytes + marks_of({row_of("ProfilerStep#", 2000, 2001, 2)}).substr(32)), kLifeOfUnit);
  EXPECT_EQ(torch->annotation, "step_N") << "a row more than the file says it has";
}

TEST(MarkedSteps, OfPytorchGoFirstAndThoseOfSeveralThreadsAreUnited) {
  const auto steps =
      steps_of(parse_marks(marks_of({row_of("step ", 1000, 9000, 9), row_of("ProfilerStep#", 500, 3000, 5),
                                     row_of("ProfilerStep#", 2000, 4000, 5)})),
               kLifeOfUnit);
  ASSERT_TRUE(steps);
  EXPECT_EQ(steps->annotation, "ProfilerStep#N");
  EXPECT_EQ(steps->stretches, (std::vector<Stretch>{{1000, 4000}})) << "cut to the life of the unit";
}

TEST(MarkedSteps, AreNoneWhereNothingMakesSense) {
  for (const MadeRow& row :
       {row_of("step_", 2000, 3000, 1), row_of("step_", 3000, 3000, 3), row_of("step_", 9000, 9500, 3),
        row_of("fit", 2000, 3000, 3), row_of("step_", 2000, UINT64_MAX, 3)}) {
    EXPECT_FALSE(steps_of(parse_marks(marks_of({row})), kLifeOfUnit)) << row.name;
  }
  const std::string whole = marks_of({row_of("step_", 2000, 3000, 3)});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(parse_marks(whole.substr(0, size)).empty()) << size;
  EXPECT_EQ(parse_marks(whole).size(), 1u);
  EXPECT_TRUE(parse_marks("varve-marks 2" + whole.substr(13)).empty());
}

TEST(MarkedSteps, CostWhatTheirNumberTells) {
  std::string bytes = marks_of({row_of("step_", 2000, 3000, 3)});
  EXPECT_DOUBLE_EQ(telling_seconds(bytes, MarksAsked::by_nvtx), 0.0005);
  const std::uint32_t ranges = 1'000'000;
  std::memcpy(bytes.data() + 28, &ranges, sizeof ranges);
  EXPECT_DOUBLE_EQ(telling_seconds(bytes, MarksAsked::by_nvtx), 0.1505);
  EXPECT_DOUBLE_EQ(telling_seconds(bytes, MarksAsked::by_nvtx_and_torch), 4.0005);
  EXPECT_EQ(telling_seconds("something else, of more than 32 bytes", MarksAsked::by_nvtx), 0);
}

// A folder that has not changed since it was found empty is not listed again.
TEST(MarksFolder, GivesWhatAUnitLeavesAfterUnitsThatLeftNothing) {
  namespace fs = std::filesystem;
  std::string base = "/tmp/varve-marks-test-XXXXXX";
  ASSERT_NE(mkdtemp(base.data()), nullptr);
  MarksFolder marks(base + "/marks", true);
  fs::last_write_time(base + "/marks", fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_FALSE(marks.take(kLifeOfUnit, MarksAsked::by_nvtx));
  EXPECT_FALSE(marks.take(kLifeOfUnit, MarksAsked::by_nvtx));
  std::ofstream(base + "/marks/marks-1", std::ios::binary) << marks_of({row_of("step ", 2000, 5000, 9)});
  const auto steps = marks.take(kLifeOfUnit, MarksAsked::by_nvtx);
  ASSERT_TRUE(steps);
  EXPECT_EQ(steps->count, 9u);
  EXPECT_FALSE(fs::exists(base + "/marks/marks-1"));
  std::ofstream(base + "/marks/marks-2", std::ios::binary) << marks_of({row_of("step ", 2000, 6000, 3)});
  EXPECT_EQ(marks.take(kLifeOfUnit, MarksAsked::by_nvtx)->count, 3u) << "within one step of the clock";
  fs::remove_all(base);
}

TEST(MarksFolder, StandsBeforeThePythonPathOfProgramsThatUsePytorch) {
  std::string base = "/tmp/varve-marks-test-XXXXXX";
  ASSERT_NE(mkdtemp(base.data()), nullptr);
  const std::string hook = base + "/marks/hook";
  const MarksFolder marks(base + "/marks", true);
  constexpr auto kTorch = MarksAsked::by_nvtx_and_torch;
  const auto python_path = [](const MarksFolder& folder, std::vector<std::string> environment, MarksAsked asked) {
    folder.add_to(environment, asked);
    std::string all;
    for (const std::string& setting : environment) {
      if (setting.starts_with("PYTHONPATH=")) all += setting;
    }
    return all;
  };
  EXPECT_EQ(python_path(marks, {"PYTHONPATH=/a:/b", "X=1"}, kTorch), "PYTHONPATH=" + hook + ":/a:/b");
  EXPECT_EQ(python_path(marks, {"PYTHONPATH="}, kTorch), "PYTHONPATH=" + hook);
  EXPECT_EQ(python_path(marks, {"NVTX_INJECTION64_PATH=/other.so"}, kTorch), "PYTHONPATH=" + hook);
  EXPECT_EQ(python_path(marks, {"PYTHONPATH=/a"}, MarksAsked::by_nvtx), "PYTHONPATH=/a");
  EXPECT_TRUE(std::filesystem::is_regular_file(hook + "/sitecustomize.py"));
  EXPECT_EQ(python_path(MarksFolder(base + "/unwanted", false), {}, kTorch), "");
  EXPECT_EQ(python_path(MarksFolder(base + "/none/there", true), {}, kTorch), "");
  std::filesystem::remove_all(base);
}

}  // namespace
}  // namespace varve
