#include "compare/account/implementations.h"

#include <gtest/gtest.h>

#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
void record_attention(Run& run, const std::string& variant, const std::string& name) {
  Unit unit;
  unit.variant = variant;
  unit.role = UnitRole::evidence;
  ProfileRow row;
  row.key.activity = Activity::operation;
  row.key.kernel = run.kernels.intern(kernel(name, "", "", Family::attention, "PyTorch"));
  row.time.add(1'000'000);
  add_rows(unit.profiles.by_kind[{WitnessKind::kineto, Quantity::call_time}], {row});
  run.units.push_back(unit);
}

std::string exchanged(const std::string& in_a, const std::string& in_b) {
  Run run = kernel_run(5, [](KernelTable&, Unit&, Generator&) {});
  record_attention(run, "A", in_a);
  record_attention(run, "B", in_b);
  const auto sides = sides_of(run);
  return sides ? exchanged_implementation(*sides, Family::attention) : "no sides";
}
}  // namespace

TEST(Implementations, AnotherOneIsNamedAndALongerNameIsNone) {
  EXPECT_EQ(exchanged("aten::_attention_math [[2,3]]", "aten::_flash_attention_for_cpu"),
            "aten::_attention_math → aten::_flash_attention_for_cpu");
  EXPECT_EQ(exchanged("aten::_flash_attention", "aten::_flash_attention_for_cpu"), "");
  EXPECT_EQ(exchanged("aten::_flash_attention [[2,3]]", "aten::_flash_attention [[4,3]]"), "");
}

}  // namespace varve
