#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "kernels/kineto/kineto_testing.h"

namespace varve {
namespace {
using test::device_ns;
using test::kernels_of;
using test::recorded;
using test::RecordedTrace;
using test::sums_of;

std::vector<std::string> real_traces() {
  std::vector<std::string> paths;
  for (const char* folder : {"kineto", "torch_cpu"}) {
    const auto found = test::real_trace(folder);
    if (!found) continue;
    for (const auto& entry : std::filesystem::directory_iterator(*found)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string inflated(const std::string& path) {
  const auto file = FileReader::open(FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  const auto input = open_trace(*file, path);
  const auto whole = whole_file(**input);
  return whole->start(0, whole->size()).value_or("");
}

// The reference takes seconds for each 10 MB: the small ones always, VARVE_EVERY_TRACE=1 for all.
TEST(Kineto, RealTracesAddUpAsTheReferenceSays) {
  constexpr std::size_t kSmall = 3'000'000;
  const auto paths = real_traces();
  if (paths.empty()) GTEST_SKIP() << "no real traces here";
  for (const std::string& path : paths) {
    const std::string text = inflated(path);
    if (text.size() > kSmall && std::getenv("VARVE_EVERY_TRACE") == nullptr) continue;
    const auto reference = test::reference_of(text);
    ASSERT_TRUE(reference) << path;
    const RecordedTrace trace = recorded(path);
    EXPECT_EQ(sums_of(trace), *reference) << path;
    EXPECT_TRUE(trace.damage.empty()) << path << ": " << trace.damage[0].second;
    const RecordedTrace fast = recorded(path, {.device_only = true});
    EXPECT_EQ(device_ns(fast), device_ns(trace)) << path;
    EXPECT_EQ(kernels_of(fast), kernels_of(trace)) << path;
    EXPECT_EQ(fast.count(Activity::operation) + fast.count(Activity::launch), 0u) << path;
    EXPECT_EQ(trace.kinds_traced.contains(Activity::kernel), path.find("torch_cpu") == std::string::npos) << path;
  }
}

struct Known {
  const char* file;
  std::uint64_t kernels;
  std::int64_t total_ns;
  std::uint64_t linked;  // kernels with an operator
};

TEST(Kineto, RealTracesHoldWhatIsKnownOfThem) {
  constexpr Known kKnown[] = {{"resnet50-v100-workers0", 8772, 591'532'000, 8772},
                              {"resnet50-v100-workers4", 8868, 594'868'000, 8868},
                              {"resnet50-v100-workers0-2021-03", 9564, 640'354'000, 8754},
                              {"flux-mi300x-fmha", 5549, 684'461'283, 5549},
                              {"moe-b300-02", 36, 1'477'069, 36},
                              {"moe-b300-03", 30, 491'458, 30},
                              {"hta-control-a100", 8568, 446'813'000, 8520},
                              {"a100-alexnet", 79, 10'692'000, 79}};
  for (const Known& row : kKnown) {
    const auto path = test::real_trace(fmt::format("kineto/{}.json.gz", row.file));
    if (!path) GTEST_SKIP() << "no real traces here";
    const RecordedTrace trace = recorded(*path);
    EXPECT_EQ(kernels_of(trace), row.kernels) << row.file;
    EXPECT_EQ(device_ns(trace), row.total_ns) << row.file;
    std::uint64_t linked = 0;
    for (const auto& [event, extra] : trace.events) {
      const bool is_kernel = event.activity == Activity::kernel || event.activity == Activity::collective;
      linked += is_kernel && extra->operation != kNoName ? 1 : 0;
    }
    EXPECT_EQ(linked, row.linked) << row.file;
  }
}

TEST(Kineto, TheFrameworkBumpReadsAsItWas) {
  const auto before = test::real_trace("torch_cpu/sdpa_mask_torch2.1.2.json");
  const auto after = test::real_trace("torch_cpu/sdpa_mask_torch2.15.0.json");
  if (!before || !after) GTEST_SKIP() << "no real traces here";
  const auto attention_ms = [](const std::string& path) {
    const RecordedTrace trace = recorded(path);
    std::int64_t sum = 0;
    for (const auto& [event, extra] : trace.events) {
      const bool is_it = trace.name_of(event.name).starts_with("aten::scaled_dot_product_attention ");
      if (event.activity == Activity::operation && is_it) sum += event.duration_ns;
    }
    return (sum + 500'000) / 1'000'000;
  };
  EXPECT_EQ(attention_ms(*before), 2910);
  EXPECT_EQ(attention_ms(*after), 1142);
}

}  // namespace
}  // namespace varve
