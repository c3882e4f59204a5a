#include "kernels/trace/profile_builder.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr TrackId kStream{0}, kThread{1};

ProfileBuilder started() {
  ProfileBuilder builder(WitnessKind::perf_script);
  builder.track(kStream, {.device = 0, .stream = 7}, TrackKind::stream);
  builder.track(kThread, {}, TrackKind::thread);
  builder.name(NameId{0}, {.text = "_ZN3foo3barEi", .library = "/lib/a.so"});
  builder.name(NameId{1}, {.text = "copy"});
  return builder;
}

TEST(ProfileBuilder, KeepsQuantitiesApart) {
  ProfileBuilder builder = started();
  const Extra moved{.bytes = 4096};
  builder.event({.start_ns = 10, .duration_ns = 5, .name = NameId{0}, .track = kStream, .activity = Activity::kernel},
                nullptr);
  builder.event({.start_ns = 20, .duration_ns = 7, .name = NameId{0}, .track = kStream, .activity = Activity::kernel},
                nullptr);
  builder.event({.start_ns = 30, .duration_ns = 2, .name = NameId{1}, .track = kStream, .activity = Activity::copy},
                &moved);
  builder.event({.start_ns = 9, .duration_ns = 1, .name = NameId{0}, .track = kThread, .activity = Activity::call},
                nullptr);
  builder.event({.start_ns = 9, .duration_ns = 100, .name = NameId{0}, .track = kThread, .is_sample = true}, nullptr);
  const TraceReading reading = builder.take();

  const Profile* device = reading.record.profiles.find({WitnessKind::perf_script, Quantity::device_time});
  ASSERT_NE(device, nullptr);
  ASSERT_EQ(device->rows.size(), 2u);
  EXPECT_EQ(device->whole_ns, 14);
  EXPECT_EQ(device->remainder_ns(), 0);
  EXPECT_EQ(device->window_ns, 22);
  const Profile* cpu = reading.record.profiles.find({WitnessKind::perf_script, Quantity::cpu_time});
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu->samples(), 1u);
  EXPECT_EQ(cpu->rows.front().time.count, 0u);
  const Profile* calls = reading.record.profiles.find({WitnessKind::perf_script, Quantity::call_time});
  ASSERT_NE(calls, nullptr);
  EXPECT_EQ(calls->whole_ns, 1);
}

// A sum has no time: it opens no window, and joins what was told one by one.
TEST(ProfileBuilder, TakesSums) {
  const TraceEvent kernel{
      .start_ns = 10, .duration_ns = 5, .name = NameId{0}, .track = kStream, .activity = Activity::kernel};
  ProfileBuilder builder = started();
  builder.total({.name = NameId{0}, .track = kStream, .activity = Activity::kernel}, nullptr,
                {.count = 3, .total_ns = 60}, 0);
  const TraceReading sums = builder.take();
  const Profile& alone = sums.record.profiles.by_kind.at({WitnessKind::perf_script, Quantity::device_time});
  EXPECT_EQ(alone.window_ns, 0);
  EXPECT_EQ(alone.whole_ns, 60);
  EXPECT_FALSE(alone.rows.front().time.has_spread());

  builder = started();
  builder.event(kernel, nullptr);
  builder.total({.name = NameId{0}, .track = kStream, .activity = Activity::kernel}, nullptr,
                {.count = 3, .total_ns = 60}, 0);
  const TraceReading both = builder.take();
  const Profile& joined = both.record.profiles.by_kind.at({WitnessKind::perf_script, Quantity::device_time});
  ASSERT_EQ(joined.rows.size(), 1u);
  EXPECT_EQ(joined.rows.front().time.count, 4u);
  EXPECT_EQ(joined.rows.front().time.total_ns, 65);
  EXPECT_EQ(joined.rows.front().time.min_ns, 5);
  EXPECT_EQ(joined.window_ns, 5);
}

TEST(ProfileBuilder, NamesAreDemangledAndTheRawOneIsKept) {
  ProfileBuilder builder = started();
  builder.event({.start_ns = 1, .duration_ns = 5, .name = NameId{0}, .track = kStream, .activity = Activity::kernel},
                nullptr);
  const TraceReading reading = builder.take();
  const Profile* device = reading.record.profiles.find({WitnessKind::perf_script, Quantity::device_time});
  const Kernel& kernel = reading.record.kernels[device->rows.front().key.kernel];
  EXPECT_EQ(kernel.key.name, "foo::bar(int)");
  EXPECT_EQ(kernel.raw_name, "_ZN3foo3barEi");
  EXPECT_EQ(kernel.key.library, "/lib/a.so");
}

TEST(ProfileBuilder, AnEventThatNamesNothingIsUnknown) {
  ProfileBuilder builder = started();
  builder.event({.start_ns = 1, .duration_ns = 5, .name = kNoName, .track = TrackId{99}}, nullptr);
  const TraceReading reading = builder.take();
  ASSERT_EQ(reading.record.profiles.by_kind.size(), 1u);
  const Profile& profile = reading.record.profiles.by_kind.begin()->second;
  EXPECT_EQ(reading.record.kernels[profile.rows.front().key.kernel].key.name, "(unknown)");
}

TEST(ProfileBuilder, CountsDamageBeyondWhatItKeeps) {
  ProfileBuilder builder = started();
  for (std::uint64_t i = 0; i < 500; ++i) builder.damaged(i, "x");
  const TraceReading reading = builder.take();
  EXPECT_EQ(reading.damaged, 500u);
  EXPECT_EQ(reading.damage.size(), 100u);
}

}  // namespace
}  // namespace varve
