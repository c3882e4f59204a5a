// What a plan declares as control items: scanned values, caches, clients, lines around units.
#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
// "xz -{level} data": B has another level.
Run scanned_run(const std::string& level_of_b = "9") {
  varve::Run run = interleaved_run(6, speed_shape(0.5, 0.002));
  for (Variant& each : run.variants) {
    const std::string level = each.name == "A" ? "1" : level_of_b;
    each.command = {"./example", "-" + level, "data"};
    each.scanned = {.origin = 0, .values = {{"level", level}}};
  }
  return run;
}

Comparison of_variants(const Run& run) {
  Result<Comparison> comparison = compare_variants(run, {});
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

Comparison of_documents(const Run& a, const Run& b) {
  Result<Comparison> comparison = compare_runs({&a, "A", "a.json"}, {&b, "A", "b.json"}, {});
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

const ControlItem* item_of(const Comparison& comparison, const std::string& id) {
  const auto found = std::find_if(comparison.items.begin(), comparison.items.end(),
                                  [&](const ControlItem& item) { return item.id == id; });
  return found == comparison.items.end() ? nullptr : &*found;
}
}  // namespace

TEST(ScannedItems, TheValueIsTheVariableAndTheCommandFollows) {
  const Comparison comparison = of_variants(scanned_run());
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"scanned.level"});
  EXPECT_EQ(item_of(comparison, "command")->state, ItemState::follows);
  EXPECT_NE(comparison.verdict.find("only level differs"), std::string::npos) << comparison.verdict;
  EXPECT_NE(comparison.title.find("level: 1 → 9"), std::string::npos) << comparison.title;
}

TEST(ScannedItems, TwoValuesAreTwoThings) {
  varve::Run run = scanned_run();
  run.variants[0].scanned.values["threads"] = "1";
  run.variants[1].scanned.values["threads"] = "2";
  EXPECT_EQ(of_variants(run).control, Control::confounded);
}

TEST(ScannedItems, AnotherVariantOfThePlanDiffersInMore) {
  varve::Run run = scanned_run();
  run.variants[1].scanned.origin = 1;
  run.variants[1].command.push_back("--more");
  const Comparison comparison = of_variants(run);
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(item_of(comparison, "scanned.level"), nullptr);
}

TEST(ScannedItems, AnotherProgramStaysWhatItIs) {
  varve::Run run = scanned_run();
  run.variants[1].command[0] = "./other";
  run.variants[1].program = "./other";
  const Comparison comparison = of_variants(run);
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(item_of(comparison, "scanned.level"), nullptr);
}

TEST(ScannedItems, WithoutADeclarationTheArgumentIsTheVariable) {
  varve::Run run = scanned_run();
  for (Variant& each : run.variants) each.scanned = {};
  EXPECT_EQ(of_variants(run).control, Control::controlled);
  EXPECT_EQ(of_variants(run).variable, std::vector<std::string>{"command"});
}

TEST(ScannedItems, ALargerBatchDoesMoreWorkOfItsOwnMetric) {
  varve::Run run = scanned_run();
  for (Unit& each : run.units) each.metrics[0].work = each.variant == "A" ? 8 : 64;
  EXPECT_EQ(of_variants(run).control, Control::controlled);
  for (Variant& each : run.variants) each.scanned = {};
  EXPECT_EQ(of_variants(run).control, Control::not_measured);
}

TEST(ProtocolItems, OtherCachesOrClientsConfound) {
  varve::Run a = interleaved_run(6, speed_shape(1, 0.002)), b = a;
  EXPECT_EQ(item_of(of_documents(a, b), "protocol.cache"), nullptr) << "nobody named one";
  a.protocol.cache_state = "warm";
  b.protocol.cache_state = "flushed";
  b.protocol.client_path = "loopback HTTP";
  b.protocol.rules.prepare = "sync";
  const Comparison comparison = of_documents(a, b);
  EXPECT_EQ(item_of(comparison, "protocol.cache")->state, ItemState::different);
  EXPECT_EQ(item_of(comparison, "protocol.client")->state, ItemState::unknown) << "one side does not say";
  EXPECT_EQ(item_of(comparison, "protocol.prepare")->state, ItemState::different);
  EXPECT_EQ(comparison.control, Control::confounded);
}

TEST(ProtocolItems, OneDocumentHasOneProtocol) {
  varve::Run run = interleaved_run(6, speed_shape(1, 0.002));
  run.protocol.cache_state = "warm";
  EXPECT_EQ(item_of(of_variants(run), "protocol.cache"), nullptr);
}

}  // namespace varve
