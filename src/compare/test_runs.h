#pragma once
// Runs built in code for the tests of this folder.
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve::samples {

inline Library library(const std::string& path, const std::string& build_id) {
  return {path, build_id, build_id.empty() ? "the file has none" : "", false};
}

inline Stack host_stack() {
  Stack stack;
  stack.facts["cpu.model"] = known_fact(std::string("Example CPU 8000"), "test");
  stack.facts["cpu.threads"] = known_fact(std::int64_t{4}, "test");
  stack.facts["memory.total"] = known_fact(std::int64_t{1} << 34, "test");
  stack.facts["cpu.frequency.governor"] = missing_fact(Missing::absent, "test", "no cpufreq");
  stack.facts["driver.kernel_mode.version"] = missing_fact(Missing::not_applicable, "test", "no GPU");
  return stack;
}

inline Variant variant(const std::string& name) {
  Variant side;
  side.name = name;
  side.command = {"./example", "--size", "100"};
  side.program = "./example";
  side.program_digest = std::string(64, 'a');
  side.settings["OMP_NUM_THREADS"] = known_fact(std::string("2"), "test");
  side.settings["OPENBLAS_CORETYPE"] = missing_fact(Missing::absent, "test");
  return side;
}

// A unit without noise: one second of wall and CPU time, 100 tokens/s, two libraries.
inline Unit unit(const std::string& side, int index, int pair) {
  Unit made;
  made.variant = side;
  made.index = index;
  made.block = pair / 2;
  made.position = index % 4;
  made.pair = pair;
  made.wall_seconds = 1;
  made.user_seconds = 0.9;
  made.system_seconds = 0.1;
  made.metrics = {{"tokens/s", "1/s", Better::higher, 100, 1}};
  made.libraries = {library("/lib/libc.so.6", "c0ffee"), library("/lib/libopenblas.so.0", "b1a5")};
  return made;
}

inline std::int64_t nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

// What the unit used of CPU time, with the times that follow from it and 100 tokens a second of it.
inline void set_cpu(Unit& made, double seconds) {
  made.user_seconds = seconds;
  made.system_seconds = 0;
  made.wall_seconds = seconds;
  made.metrics[0].value = 100 / seconds;
  const auto cpu = made.profiles.by_kind.find(kCpuSamples);
  if (cpu != made.profiles.by_kind.end()) cpu->second.whole_ns = nanoseconds(seconds);
}

// Adds a kernel to a unit's profile with a sampling period of 1 ms: seconds become samples. The unit's CPU time is the
// whole.
inline void sample(KernelTable& kernels, Unit& made, const Kernel& kernel, double seconds) {
  constexpr std::int64_t kPeriod = 1'000'000;
  Profile& profile = made.profiles.by_kind[kCpuSamples];
  profile.scopes = {"user"};
  profile.periods_ns = {kPeriod};
  profile.whole_ns = nanoseconds(made.user_seconds + made.system_seconds);
  ProfileRow row{.key = {.kernel = kernels.intern(kernel)},
                 .samples = static_cast<std::uint64_t>(seconds * 1000 + 0.5)};
  row.time.total_ns = static_cast<std::int64_t>(row.samples) * kPeriod;
  add_rows(profile, {row});
}

// Adds an execution that oneDNN reported; the unit's wall time is the whole.
inline void call(KernelTable& kernels, Unit& made, const Kernel& kernel, double seconds) {
  Profile& profile = made.profiles.by_kind[kOnednnCalls];
  profile.scopes = {"oneDNN primitives"};
  profile.whole_ns = nanoseconds(made.wall_seconds);
  ProfileRow row{.key = {.activity = Activity::call, .kernel = kernels.intern(kernel)}};
  row.time.add(nanoseconds(seconds));
  add_rows(profile, {row});
}

inline double sampled_seconds(const Unit& made) {
  return static_cast<double>(made.profiles.by_kind.at(kCpuSamples).rows_ns()) * 1e-9;
}

inline Kernel kernel(const std::string& name, const std::string& base = {}, const std::string& architecture = {},
                     Family family = Family::gemm, const std::string& path = "/lib/libopenblas.so.0") {
  return {.key = {name, path, "b1a5"},
          .meaning = {.family = family, .base = base.empty() ? name : base, .architecture = architecture}};
}

using Generator = std::mt19937_64;
using Shape = std::function<void(Unit&, Generator&)>;  // gives a unit its numbers; looks at unit.variant
using KernelShape = std::function<void(KernelTable&, Unit&, Generator&)>;  // and its kernels

// An interleaved run, in turns. B differs by nothing until the caller says so.
inline Run kernel_run(int pairs, const KernelShape& shape, std::uint64_t seed = 1) {
  Generator generator(seed);
  Run run;
  run.name = "example";
  run.protocol = {pairs, 0, 0.01, 0, "drawn pairs", "tokens/s", seed};
  run.stack = host_stack();
  run.variants = {variant("A"), variant("B")};
  for (int index = 0; index < 2 * pairs; ++index) {
    const int pair = index / 2;
    const bool first = index % 2 == 0;
    run.units.push_back(unit((pair % 2 == 0) == first ? "A" : "B", index, pair));
    shape(run.kernels, run.units.back(), generator);
  }
  return run;
}

inline Run interleaved_run(int pairs, const Shape& shape, std::uint64_t seed = 1) {
  return kernel_run(
      pairs, [&](KernelTable&, Unit& made, Generator& generator) { shape(made, generator); }, seed);
}

inline void set_for_b(Run& run, const std::string& name, const std::string& value) {
  run.variants[1].environment[name] = value;
  run.variants[1].settings[name] = known_fact(value, "test");
}

// Multiplies tokens/s; times go the other way.
inline void scale_speed(Unit& made, double factor) {
  made.metrics[0].value *= factor;
  made.wall_seconds /= factor;
  made.user_seconds /= factor;
  made.system_seconds /= factor;
}

inline double wobble(Generator& generator, double sd) {
  return std::exp(std::normal_distribution<double>(0, sd)(generator));
}

// B's tokens/s are `effect` times A's, each unit with a log-normal noise.
inline Shape speed_shape(double effect, double noise) {
  return [=](Unit& made, Generator& generator) {
    scale_speed(made, (made.variant == "B" ? effect : 1) * wobble(generator, noise));
  };
}

// The same run with the names of its sides exchanged.
inline Run swapped(Run run) {
  std::swap(run.variants[0], run.variants[1]);
  run.variants[0].name = "A";
  run.variants[1].name = "B";
  for (Unit& made : run.units) made.variant = made.variant == "A" ? "B" : "A";
  return run;
}

}  // namespace varve::samples
