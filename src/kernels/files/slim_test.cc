#include "kernels/files/slim.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/json.h"
#include "model/json/documents.h"

namespace varve {
namespace {

KernelId named(KernelsRecord& record, const std::string& name, const std::string& library = "") {
  return record.record.kernels.intern(
      {.key = {name, library, ""}, .named = Named::trace, .raw_name = "_Z" + name, .meaning = {.base = name}});
}

// A trace with everything that must not leave the house.
KernelsRecord sample_record() {
  KernelsRecord record;
  record.tool_version = "0.1.0";
  TraceSource& source = record.sources.emplace_back();
  source.file = "node17.cluster_4711.json";
  source.format = "Kineto";
  source.rank = 2;
  source.ranks = 8;
  source.facts["gpu.models"] = known_fact(std::vector<std::string>{"NVIDIA B300"}, "deviceProperties of node17");
  source.facts["trace.cupti_version"] = known_fact(std::string("13.1"), "cupti_version");
  source.facts["settings.HF_TOKEN"] = known_fact(std::string("hf_abcdefghijklmnopqrstuvwxyz012345"), "environment");
  source.facts["os.hostname"] = known_fact(std::string("node17"), "META");
  source.facts["trace.command_line"] = known_fact(std::string("train.py --secret"), "META");
  source.damaged = 2;
  source.damage = {{17, "a text that is no number: sk-12345"}};
  source.tally.environments = 3;
  source.steps = {TraceSteps::Found::annotated, "ProfilerStep", {{"secret run#1", 5'000, 100, 60, {}, true}}};
  Profile& device = record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::device_time}];
  ProfileRow kernel{.key = {.activity = Activity::kernel,
                            .kernel = named(record, "gemm", "/home/alice/lib/libx.so"),
                            .operation = named(record, "aten::mm"),
                            .place = {.rank = 2, .device = 0, .stream = 7},
                            .launch = {{8, 4, 1}, {128, 1, 1}, 64, 49152}}};
  kernel.time.add(1000);
  ProfileRow other = kernel;
  other.key.place.stream = 9;
  add_rows(device, {kernel, other});
  device.whole_ns = 2000;
  device.window_ns = 5000;
  Profile& calls = record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::call_time}];
  ProfileRow region{.key = {.activity = Activity::region, .kernel = named(record, "customer 12")}};
  region.time.add(70);
  ProfileRow operation{
      .key = {.activity = Activity::operation, .kernel = named(record, "/home/bob/train.py(3): main")}};
  operation.time.add(30);
  add_rows(calls, {region, operation});
  calls.whole_ns = 100;
  return record;
}

TEST(Slim, HoldsNothingThatSaysWhoseItIs) {
  const KernelsRecord record = sample_record();
  const std::string text = slim_bytes(slimmed(record), "out.json");
  for (const char* secret : {"alice", "bob", "node17", "hf_abc", "train.py --secret", "sk-12345", "secret run",
                             "customer", "_Zgemm", "HF_TOKEN", "\"stream\""}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << text;
  }
  EXPECT_NE(text.find("~/lib/libx.so"), std::string::npos);
  EXPECT_NE(text.find("NVIDIA B300"), std::string::npos);
  EXPECT_NE(text.find("13.1"), std::string::npos);
}

TEST(Slim, KeepsTheAccountsClosed) {
  const KernelsRecord record = sample_record(), slim = slimmed(record);
  const ProfileKind device{WitnessKind::kineto, Quantity::device_time}, calls{WitnessKind::kineto, Quantity::call_time};
  const Profile& kept = slim.record.profiles.by_kind.at(device);
  ASSERT_EQ(kept.rows.size(), 1u) << "two streams are one row";
  EXPECT_EQ(kept.rows[0].time.count, 2u);
  EXPECT_EQ(kept.rows[0].key.place.rank, 2);
  EXPECT_EQ(kept.rows[0].key.launch.registers, 64u);
  EXPECT_EQ(slim.record.kernels[kept.rows[0].key.operation].key.name, "aten::mm");
  EXPECT_EQ(kept.whole_ns, 2000);
  EXPECT_EQ(slim.record.profiles.by_kind.at(calls).remainder_ns(), 70) << "what was left out is a remainder";
  EXPECT_EQ(slim.sources[0].damaged, 2u);
  EXPECT_EQ(slim.sources[0].tally.environments, 3u);
  EXPECT_EQ(slim.sources[0].steps.steps[0].length_ns, 100);
}

TEST(Slim, IsReadBackAsItWasWritten) {
  const KernelsRecord slim = slimmed(sample_record());
  const std::string text = slim_bytes(slim, "out.json");
  const Result<Document> read = document_from_json(text, "out.json");
  ASSERT_TRUE(read) << to_text(read.error());
  const KernelsRecord& back = std::get<KernelsRecord>(*read);
  EXPECT_EQ(back.record.profiles, slim.record.profiles);
  EXPECT_EQ(back.record.kernels, slim.record.kernels);
  EXPECT_EQ(slim_bytes(back, "out.json"), text);
  EXPECT_EQ(slim_bytes(slimmed(back), "out.json"), text) << "slimming twice is slimming once";
}

// Records over few names, so that they share kernels and rows.
KernelsRecord random_record(std::mt19937& random) {
  KernelsRecord record;
  TraceSource& source = record.sources.emplace_back();
  source.format = "made";
  source.rank = static_cast<std::int32_t>(random() % 3);
  source.steps.steps.push_back({"s", static_cast<std::int64_t>(random() % 1000), 5, 3, {}, true});
  for (const Quantity quantity : {Quantity::device_time, Quantity::call_time}) {
    Profile& profile = record.record.profiles.by_kind[{WitnessKind::kineto, quantity}];
    std::vector<ProfileRow> rows;
    for (auto count = random() % 6; count > 0; --count) {
      static const std::vector<Activity> kinds = {Activity::kernel, Activity::copy, Activity::region,
                                                  Activity::operation};
      ProfileRow row{.key = {.activity = kinds[random() % kinds.size()],
                             .kernel = named(record, std::string(1, static_cast<char>('a' + random() % 4)),
                                             random() % 2 == 0 ? "/home/x/lib.so" : "/home/y/lib.so"),
                             .place = {.rank = source.rank, .stream = static_cast<std::int64_t>(random() % 3)}}};
      row.time.add(static_cast<std::int64_t>(random() % 100'000));
      rows.push_back(row);
    }
    add_rows(profile, std::move(rows));
    profile.whole_ns = profile.rows_ns();
  }
  return record;
}

// By content: the order of the table of kernels is not part of it.
std::vector<std::pair<std::string, Durations>> content_of(const KernelsRecord& record) {
  std::vector<std::pair<std::string, Durations>> rows;
  for (const auto& [kind, profile] : record.record.profiles.by_kind) {
    for (const ProfileRow& row : profile.rows) {
      const Kernel& kernel = record.record.kernels[row.key.kernel];
      rows.emplace_back(std::string(to_string(kind.quantity)) + std::string(to_string(row.key.activity)) +
                            kernel.key.name + kernel.key.library + std::to_string(row.key.place.rank),
                        row.time);
    }
    rows.push_back({"whole", {.total_ns = profile.whole_ns}});
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return rows;
}

TEST(Slim, OfAMergeIsTheMergeOfSlimOnes) {
  std::mt19937 random(12);
  for (int round = 0; round < 300; ++round) {
    const KernelsRecord a = random_record(random), b = random_record(random);
    KernelsRecord merged = a;
    merge(merged, KernelsRecord(b));
    KernelsRecord slim = slimmed(a);
    merge(slim, slimmed(b));
    const KernelsRecord expected = slimmed(merged);
    EXPECT_EQ(content_of(slim), content_of(expected)) << round;
    ASSERT_EQ(slim.sources.size(), 2u);
    KernelsRecord other_order = slimmed(b);
    merge(other_order, slimmed(a));
    EXPECT_EQ(content_of(other_order), content_of(expected)) << round;
  }
}

}  // namespace
}  // namespace varve
