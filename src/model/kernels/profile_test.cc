#include "model/kernels/profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

namespace varve {
namespace {

using Generator = std::mt19937_64;

constexpr ProfileKind kCpu{WitnessKind::cpu_samples, Quantity::cpu_time};
constexpr ProfileKind kOnednn{WitnessKind::onednn_verbose, Quantity::call_time};
constexpr ProfileKind kPerf{WitnessKind::perf_script, Quantity::cpu_time};
constexpr ProfileKind kDevice{WitnessKind::perf_script, Quantity::device_time};
constexpr std::int64_t kPeriods[] = {10'101'010, 2'004'008};  // 1/99 s and 1/499 s: neither is a round number

// One of thirty names of five libraries of three builds, so that many documents have many in common.
Kernel any_kernel(Generator& generator) {
  const auto pick = [&](int most) { return static_cast<int>(generator() % static_cast<unsigned>(most)); };
  Kernel kernel;
  const int name = pick(30);
  kernel.named = name % 7 == 0 ? Named::range : name % 5 == 0 ? Named::trace : Named::symbol;
  kernel.key = {"kernel" + std::to_string(name), "/lib/lib" + std::to_string(pick(5)) + ".so",
                pick(4) == 0 ? "" : "b1a5" + std::to_string(pick(3))};
  // Two versions of the patterns disagree about some names: whichever came first, one of them stays.
  kernel.meaning = {.family = static_cast<Family>(pick(2) == 0 ? name % 9 : 8), .base = kernel.key.name};
  return kernel;
}

ProfileRow any_row(Generator& generator, const KernelTable& kernels, bool sampled, std::int64_t period_ns) {
  ProfileRow row;
  row.key.kernel = KernelId{static_cast<std::uint32_t>(generator() % kernels.size())};
  if (sampled) {
    row.samples = generator() % 1000;
    row.time.total_ns = static_cast<std::int64_t>(row.samples) * period_ns;
    return row;
  }
  row.key.activity = static_cast<Activity>(generator() % 8);
  if (generator() % 2 == 0) row.key.operation = KernelId{static_cast<std::uint32_t>(generator() % kernels.size())};
  row.key.place = {static_cast<std::int32_t>(generator() % 3) - 1, 0, static_cast<std::int64_t>(generator() % 2)};
  row.key.launch.grid[0] = static_cast<std::uint32_t>(generator() % 2);
  for (std::uint64_t i = generator() % 9; i > 0; --i)
    row.time.add(static_cast<std::int64_t>(generator() % 1'000'000'007));
  row.bytes = generator() % 5;
  return row;
}

// Nothing, or a reason, or the profiles of up to four kinds.
ProfileRecord any_record(Generator& generator) {
  ProfileRecord record;
  for (int i = 0; i < 20; ++i) record.kernels.intern(any_kernel(generator));
  for (const ProfileKind& kind : {kCpu, kOnednn, kPerf, kDevice}) {
    const std::uint64_t what = generator() % 4;
    if (what == 0) continue;
    if (what == 1) {
      record.profiles.absent[{kind, "reason " + std::to_string(generator() % 3)}] = 1;
      continue;
    }
    Profile& profile = record.profiles.by_kind[kind];
    const bool sampled = kind.quantity == Quantity::cpu_time;
    const std::int64_t period = kPeriods[generator() % 2];
    if (sampled) profile.periods_ns = {period};
    profile.scopes = {generator() % 2 == 0 ? "user" : "user and kernel"};
    profile.lost = generator() % 3;
    profile.window_ns = static_cast<std::int64_t>(generator() % 10'000'000'019);
    profile.whole_ns = static_cast<std::int64_t>(generator() % 20'000'000'003);
    if (kind == kDevice) {
      const std::int64_t busy = profile.window_ns / 3;
      profile.parts = {{Part::kernel, busy}, {Part::idle, profile.window_ns - busy}};
    }
    if (generator() % 2 == 0) profile.unseen.insert("code of lib" + std::to_string(generator() % 3));
    std::vector<ProfileRow> rows;
    for (std::uint64_t i = generator() % 40; i > 0; --i)
      rows.push_back(any_row(generator, record.kernels, sampled, period));
    add_rows(profile, rows);
  }
  return record;
}

ProfileRecord merged(ProfileRecord a, const ProfileRecord& b) {
  merge(a, b);
  return a;
}

// A record as it is whatever the order in which its kernels were met: ids are the places in the sorted table.
ProfileRecord in_order(const ProfileRecord& record) {
  std::vector<Kernel> kernels(record.kernels.kernels().begin(), record.kernels.kernels().end());
  std::sort(kernels.begin(), kernels.end(), [](const Kernel& a, const Kernel& b) { return a.key < b.key; });
  ProfileRecord sorted;
  for (const Kernel& kernel : kernels) sorted.kernels.intern(kernel);
  merge(sorted, record);
  return sorted;
}

void expect_same(const ProfileRecord& a, const ProfileRecord& b, std::uint64_t seed) {
  const ProfileRecord left = in_order(a), right = in_order(b);
  EXPECT_EQ(left.kernels, right.kernels) << "seed " << seed;
  EXPECT_EQ(left.profiles, right.profiles) << "seed " << seed;
}

TEST(MergeProfiles, IsAssociativeAndCommutativeInEverything) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Generator generator(seed);
    const ProfileRecord a = any_record(generator), b = any_record(generator), c = any_record(generator);
    expect_same(merged(a, b), merged(b, a), seed);
    expect_same(merged(merged(a, b), c), merged(a, merged(b, c)), seed);
  }
}

TEST(MergeProfiles, WhatHasNoProfilesLeavesThemAsTheyAre) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Generator generator(seed);
    const ProfileRecord record = any_record(generator);
    expect_same(merged(record, {}), record, seed);
    expect_same(merged({}, record), record, seed);
    ProfileRecord reason;
    reason.profiles.absent[{kCpu, "not permitted"}] = 1;
    for (const ProfileRecord& both : {merged(record, reason), merged(reason, record)}) {
      ProfileRecord without = both;
      EXPECT_EQ(without.profiles.absent.erase({kCpu, "not permitted"}), 1u);  // it is not lost either
      expect_same(without, record, seed);
    }
  }
}

TEST(MergeProfiles, NothingIsLostAndNothingOfTwoKindsIsAdded) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Generator generator(seed);
    const ProfileRecord a = any_record(generator), b = any_record(generator);
    const ProfileRecord both = merged(a, b);
    for (const ProfileKind& kind : {kCpu, kOnednn, kPerf, kDevice}) {
      static const Profile nothing;
      const auto of = [&](const ProfileRecord& record) {
        const Profile* found = record.profiles.find(kind);
        return found == nullptr ? &nothing : found;
      };
      const Profile *x = of(a), *y = of(b), *sum = of(both);
      EXPECT_EQ(sum->rows_ns(), x->rows_ns() + y->rows_ns());
      EXPECT_EQ(sum->samples(), x->samples() + y->samples());
      EXPECT_EQ(sum->whole_ns, x->whole_ns + y->whole_ns);
      EXPECT_EQ(sum->undivided_ns(), x->undivided_ns() + y->undivided_ns());
      EXPECT_EQ(sum->lost, x->lost + y->lost);
      EXPECT_EQ(sum->rows_ns() + sum->remainder_ns(), sum->whole_ns);
    }
  }
}

TEST(MergeProfiles, RowsStandInOrderEachOnce) {
  Generator generator(7);
  ProfileRecord sum;
  for (int i = 0; i < 20; ++i) merge(sum, any_record(generator));
  for (const auto& [kind, profile] : sum.profiles.by_kind) {
    for (std::size_t i = 1; i < profile.rows.size(); ++i) EXPECT_LT(profile.rows[i - 1].key, profile.rows[i].key);
    for (const ProfileRow& row : profile.rows) EXPECT_TRUE(sum.kernels.holds(row.key.kernel));
  }
}

TEST(KernelTable, HoldsEveryKernelOnceUnderOneId) {
  KernelTable table;
  const Kernel sgemm{.key = {"sgemm", "/lib/libopenblas.so.0", "b1a5"}};
  Kernel rebuilt = sgemm;
  rebuilt.key.build_id = "c0de";
  const KernelId id = table.intern(sgemm);
  EXPECT_EQ(table.intern(sgemm), id);
  EXPECT_NE(table.intern(rebuilt), id);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table[id], sgemm);
  EXPECT_FALSE(table.holds(kNoKernel));

  KernelTable other;
  other.intern({.key = {"gelu", "/lib/libapp.so", ""}});
  other.intern(sgemm);
  const KernelIdMap ids = table.intern_all(other);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(table[ids[0]].key.name, "gelu");
  EXPECT_EQ(ids[1], id);
}

TEST(ProfileRecord, KernelsThatComeToOneKeyBecomeOneRow) {
  ProfileRecord record;
  std::vector<ProfileRow> rows(2);
  rows[0].key.kernel = record.kernels.intern({.key = {"f", "/home/someone/libx.so", ""}});
  rows[1].key.kernel = record.kernels.intern({.key = {"f", "~/libx.so", ""}});
  rows[0].time.total_ns = 3;
  rows[1].time.total_ns = 4;
  add_rows(record.profiles.by_kind[kCpu], rows);
  const ProfileRecord changed = with_kernels(record, [](Kernel kernel) {
    kernel.key.library = "~/libx.so";
    return kernel;
  });
  EXPECT_EQ(changed.kernels.size(), 1u);
  ASSERT_EQ(changed.profiles.by_kind.at(kCpu).rows.size(), 1u);
  EXPECT_EQ(changed.profiles.by_kind.at(kCpu).rows_ns(), 7);
}

TEST(ShortName, DropsWhatPeopleDoNotSay) {
  EXPECT_EQ(short_name("varve::(anonymous namespace)::softmax(int, int, float*)"), "varve::softmax");
  EXPECT_EQ(short_name("at::f<float, (Mode)1>(at::Tensor const&) const [clone .isra.0]"), "at::f<float, (Mode)1>");
  EXPECT_EQ(short_name("A::operator()(void (*)(int))"), "A::operator()");
  EXPECT_EQ(short_name("std::map<int, long> fill<long (*)(int), 2>(int)"), "fill<long (*)(int), 2>");
  EXPECT_EQ(short_name("void A::f(int) const::{lambda()#1}::operator()<char>(char)"),
            "A::f(int) const::{lambda()#1}::operator()<char>");
  EXPECT_EQ(short_name("bool operator< <int>(A, A)"), "bool operator< <int>");
  for (const char* name : {"(kernel)", "(not sampled)", "sgemm_kernel_HASWELL", "libc.so.6 [0x10-0x20]", "odd)", ""}) {
    EXPECT_EQ(short_name(name), name);
  }
}

}  // namespace
}  // namespace varve
