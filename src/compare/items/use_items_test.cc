#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
const ControlItem* item_of_use(const Result<Comparison>& comparison, const std::string& id) {
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  const auto found = std::find_if(comparison->items.begin(), comparison->items.end(),
                                  [&](const ControlItem& item) { return item.id == id; });
  return found == comparison->items.end() ? nullptr : &*found;
}

varve::Run run_of_units(const Shape& more) {
  return interleaved_run(6, [&](Unit& made, Generator& generator) {
    scale_speed(made, wobble(generator, 0.01));
    more(made, generator);
  });
}

varve::Run run_with_threads(int of_a, int of_b) {
  return run_of_units([=](Unit& made, Generator&) { made.threads_at_work = made.variant == "A" ? of_a : of_b; });
}
}  // namespace

TEST(UseItems, OtherNumbersOfThreadsAreADifference) {
  const Result<Comparison> comparison = compare_variants(run_with_threads(8, 4));
  const ControlItem* threads = item_of_use(comparison, "threads");
  ASSERT_TRUE(threads);
  EXPECT_EQ(threads->state, ItemState::different);
  EXPECT_EQ(threads->a, "8");
  EXPECT_EQ(comparison->control, Control::confounded);
}

TEST(UseItems, ThreadsFollowFromWhatIsUnderTest) {
  varve::Run run = run_with_threads(8, 4);
  set_for_b(run, "OMP_NUM_THREADS", "4");
  const Result<Comparison> comparison = compare_variants(run);
  EXPECT_EQ(item_of_use(comparison, "threads")->state, ItemState::follows);
  EXPECT_EQ(comparison->control, Control::controlled);
}

TEST(UseItems, AThreadMoreOrLessNowAndThenIsNone) {
  const varve::Run wandering =
      run_of_units([](Unit& made, Generator&) { made.threads_at_work = 3 + made.index % 3 - (made.variant == "B"); });
  EXPECT_EQ(item_of_use(compare_variants(wandering), "threads")->state, ItemState::same);
  EXPECT_EQ(item_of_use(compare_variants(run_with_threads(9, 8)), "threads")->state, ItemState::same);
  varve::Run few = run_with_threads(8, 4);
  few.units.resize(4);
  EXPECT_EQ(item_of_use(compare_variants(few), "threads")->state, ItemState::same);
  EXPECT_FALSE(item_of_use(compare_variants(run_of_units([](Unit&, Generator&) {})), "threads"));
}

TEST(UseItems, CpusCountWhereACommandChoosesItsOwn) {
  const auto with_cpus = [](const std::string& of_a, const std::string& of_b) {
    varve::Run run =
        run_of_units([=](Unit& made, Generator&) { made.cpus_allowed = made.variant == "A" ? of_a : of_b; });
    run.stack.facts["process.affinity"] = known_fact(std::string("0-7"), "test");
    return run;
  };
  EXPECT_FALSE(item_of_use(compare_variants(with_cpus("0-7", "0-7")), "cpus"));
  const Result<Comparison> pinned = compare_variants(with_cpus("0-7", "3"));
  ASSERT_TRUE(item_of_use(pinned, "cpus"));
  EXPECT_EQ(item_of_use(pinned, "cpus")->state, ItemState::different);
  EXPECT_EQ(item_of_use(pinned, "cpus")->a, "as Varve itself");
  EXPECT_EQ(item_of_use(pinned, "cpus")->b, "3");
  EXPECT_EQ(item_of_use(compare_variants(with_cpus("3", "3")), "cpus")->state, ItemState::same);
}

TEST(UseItems, OtherNumbersOfUnlistedVariablesAreAGapBetweenDocuments) {
  varve::Run a = run_of_units([](Unit&, Generator&) {});
  for (Variant& side : a.variants) side.other_variables = 40;
  EXPECT_FALSE(item_of_use(compare_variants(a), "other_variables"));
  varve::Run b = a;
  const auto compared = [&] { return compare_runs({&a, "A", "a.json"}, {&b, "A", "b.json"}); };
  EXPECT_EQ(item_of_use(compared(), "other_variables")->state, ItemState::same);
  b.variants[0].other_variables = 41;
  EXPECT_EQ(item_of_use(compared(), "other_variables")->state, ItemState::unknown);
  EXPECT_EQ(compared()->control, Control::controlled_with_gaps) << "a gap, no difference";
  b.variants[0].other_variables.reset();  // an older document
  EXPECT_FALSE(item_of_use(compared(), "other_variables"));
}

TEST(UseItems, WorkIsComparedWhereEveryUnitDidTheSame) {
  const auto with_work = [](double of_a, double of_b, double growing) {
    return run_of_units([=](Unit& made, Generator&) {
      made.metrics[0].work = (made.variant == "A" ? of_a : of_b) + growing * made.index;
    });
  };
  EXPECT_EQ(item_of_use(compare_variants(with_work(100, 100, 0)), "work")->state, ItemState::same);
  EXPECT_EQ(item_of_use(compare_variants(with_work(100, 200, 0)), "work")->state, ItemState::different);
  EXPECT_FALSE(item_of_use(compare_variants(with_work(100, 200, 1)), "work")) << "as much as they can in a fixed time";
}

}  // namespace varve
