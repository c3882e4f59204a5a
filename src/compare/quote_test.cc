#include "compare/quote.h"

#include <gtest/gtest.h>

namespace varve {

namespace {
KernelChange part_of(const std::string& label, KernelState state, double change) {
  KernelChange part{.label = label, .state = state};
  part.change.value = change;
  return part;
}

// What is said of an operation that these parts make up.
std::string said_of(std::vector<KernelChange> parts) {
  KernelChange row{.label = "numpy.sort", .state = KernelState::changed};
  for (const KernelChange& part : parts) row.change.value += part.change.value;
  row.share = Estimate{.value = 1, .interval = {0.9, 1.1}};
  row.parts = std::move(parts);
  Comparison comparison;
  comparison.accounts.push_back({.kind = kCpuSamples, .available = true, .total = {}, .rows = {row}});
  const std::vector<std::string> words = largest_changes(comparison);
  return words.empty() ? "" : words.front();
}
}  // namespace

TEST(Quote, AKernelIsMostOfAnOperationOnlyWhereNothingStandsAgainstIt) {
  const auto of_a = [](double change) { return part_of("partition_old", KernelState::vanished, change); };
  const auto of_b = [](double change) { return part_of("partition_new", KernelState::appeared, change); };
  EXPECT_NE(said_of({of_a(-0.17)}).find("mostly partition_old (only in A)"), std::string::npos);
  EXPECT_NE(said_of({of_a(-0.17), of_b(0.01)}).find("mostly partition_old"), std::string::npos);
  const std::string mixed = said_of({of_a(-0.17), of_b(0.16), part_of("merge", KernelState::changed, -0.1)});
  EXPECT_NE(mixed.find("in it partition_old (only in A) against partition_new (only in B)"), std::string::npos)
      << mixed;
  EXPECT_EQ(mixed.find("mostly"), std::string::npos) << mixed;
}

TEST(Quote, NothingIsExplainedOfWhatWasNotMeasured) {
  KernelChange row = part_of("matmul", KernelState::changed, -0.1);
  row.share = Estimate{.value = 1, .interval = {0.9, 1.1}};
  Comparison comparison;
  comparison.accounts.push_back({.kind = kCpuSamples, .available = true, .total = {}, .rows = {row}});
  EXPECT_EQ(largest_changes(comparison).size(), 1u);
  comparison.control = Control::not_measured;
  EXPECT_TRUE(largest_changes(comparison).empty());
}

}  // namespace varve
