#include "harness/benchmark.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/hash.h"
#include "base/json.h"
#include "harness/benchmark_testing.h"
#include "harness/subject/file_digest.h"
#include "harness/unit/temporary_directory.h"
#include "harness/variant.h"
#include "model/json/documents.h"

namespace varve {
namespace {

TEST(Benchmark, MeasuresAProgramThatSucceeds) {
  const varve::Run run = run_of(plan_of({"true"}, 3));
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.units.size(), 3u);
  for (const Unit& unit : run.units) {
    EXPECT_TRUE(unit.end.ok());
    EXPECT_GT(unit.wall_seconds, 0);
    EXPECT_LT(unit.wall_seconds, 50);
    EXPECT_TRUE(unit.peak_memory_bytes || !unit.peak_memory_note.empty());
    EXPECT_TRUE(unit.steal_seconds);
  }
  EXPECT_EQ(run.protocol.primary_metric, "wall time");
  EXPECT_EQ(run.protocol.order, "A");
  ASSERT_EQ(run.variants.size(), 1u);
  EXPECT_TRUE(run.variants[0].program.ends_with("/true"));
  EXPECT_EQ(run.variants[0].program_digest.size(), 64u);
  EXPECT_FALSE(run.stack.facts.empty());
}

TEST(Benchmark, WallAndCpuTimeAreThoseOfTheProgram) {
  const varve::Run sleeping = run_of(plan_of({"sleep", "0.3"}, 1));
  EXPECT_GE(sleeping.units.at(0).wall_seconds, 0.3);
  EXPECT_LT(sleeping.units[0].user_seconds + sleeping.units[0].system_seconds, 0.1);
  const varve::Run busy = run_of(shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"));
  EXPECT_GT(busy.units.at(0).user_seconds, 0.02);
  EXPECT_LE(busy.units[0].user_seconds + busy.units[0].system_seconds, busy.units[0].wall_seconds * 1.2 + 0.02);
}

TEST(Benchmark, PeakMemoryIsThatOfTheProgramWhenItIsAboveOurOwn) {
  const std::string script = "head -c 300000000 /dev/zero | tail -c 299999999 | wc -c";  // tail keeps it all
  const varve::Run run = run_of(shell(script));
  ASSERT_TRUE(run.units.at(0).peak_memory_bytes) << run.units[0].peak_memory_note;
  EXPECT_GT(*run.units[0].peak_memory_bytes, 290'000'000u);
  EXPECT_LT(*run.units[0].peak_memory_bytes, 700'000'000u);
  const std::vector<char> our_own(400'000'000, 'x');
  const varve::Run small = run_of(plan_of({"true"}, 1));
  EXPECT_FALSE(small.units.at(0).peak_memory_bytes) << *small.units[0].peak_memory_bytes;
  EXPECT_FALSE(small.units[0].peak_memory_note.empty());
  EXPECT_EQ(our_own[17], 'x');
}

TEST(Benchmark, APlanThatCannotBeMeasuredIsAnError) {
  Listener listener;
  Result<varve::Run> none = run_benchmark(plan_of({}), host_world(), listener);
  EXPECT_FALSE(none);
  World world = host_world();
  world.environment["PATH"] = "/nowhere:/usr/bin";
  Result<varve::Run> unknown = run_benchmark(plan_of({"no-such-program-anywhere"}), world, listener);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().found.find("/nowhere:/usr/bin"), std::string::npos) << "it does not say where it looked";
  Result<varve::Run> directory = run_benchmark(plan_of({"/usr"}), world, listener);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().found, "not a regular file");
  RunPlan too_few = plan_of({"true"});
  too_few.units = 0;
  EXPECT_FALSE(run_benchmark(too_few, world, listener));
}

TEST(Benchmark, AnInputWithoutADigestIsTold) {
  RunPlan plan = plan_of({"true"}, 1);
  plan.inputs = {"/nowhere/model.bin", "/bin/sh"};
  Listener listener;
  run_of(plan, listener);
  EXPECT_EQ(listener.remarks, std::vector<std::string>{"the input /nowhere/model.bin has no digest: it could not be "
                                                       "read, or is larger than 1 GiB"});
}

TEST(Benchmark, ServersOfABlockNeedPortsOfTheirOwn) {
  RunPlan plan = shell("true");
  plan.variants.push_back(plan.variants.front());
  for (VariantPlan& variant : plan.variants) variant.server = ServerPlan{{"server"}, true, {.port = 7000}};
  plan.variants[1].environment["OTHER"] = "1";
  RunObserver observer;
  const auto refused = run_benchmark(plan, host_world(), observer);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().found.find("A and B are up together, and both are to answer at port 7000"),
            std::string::npos)
      << refused.error().found;
}

TEST(Benchmark, ThePathOfTheVariantCounts) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/varve-test-program";
  std::ofstream(path) << "#!/bin/sh\nexit 0\n";
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  RunPlan plan = plan_of({"varve-test-program"}, 1);
  plan.variants[0].environment["PATH"] = directory->path() + ":/usr/bin:/bin";
  EXPECT_TRUE(run_of(plan).complete);
}

TEST(Benchmark, TenMegabytesOfOutputPassThrough) {
  Listener listener;
  const varve::Run run = run_of(shell("head -c 10000000 /dev/zero | tr '\\0' x"), listener);
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(listener.count, 10'000'000u);
}

TEST(Benchmark, StdinIsEmptyAndTheGroupIsItsOwn) {
  Listener listener;
  run_of(shell("wc -c; ps -o pgid= -p $$ | tr -d ' '; echo $$"), listener);
  std::istringstream text(listener.text);
  int bytes = -1, group = 0, process = 0;
  text >> bytes >> group >> process;
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(group, process);
}

TEST(Benchmark, MetricsAreReadAndDoNotStayForTheNextUnit) {
  const std::string script =
      "test -s $VARVE_METRICS && exit 9; echo '{\"metric\": \"tokens/s\", \"value\": 12.5}' >> $VARVE_METRICS";
  const varve::Run run = run_of(shell(script, 3));
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  ASSERT_EQ(run.units.size(), 3u);
  ASSERT_EQ(run.units[2].metrics.size(), 1u);
  EXPECT_EQ(run.units[2].metrics[0].value, 12.5);
  EXPECT_EQ(run.units[2].metrics[0].count, 1);
  EXPECT_EQ(run.protocol.primary_metric, "tokens/s");
}

TEST(Benchmark, ABadMetricsLineEndsTheRun) {
  const varve::Run run =
      run_of(shell("echo '{\"metric\": \"a\", \"value\": 1}' > $VARVE_METRICS; echo speed=12 >> $VARVE_METRICS", 3));
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.units.size(), 1u);
  ASSERT_NE(find(run, "VRV-RUN-METRIC-UNREADABLE"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-METRIC-UNREADABLE")->evidence.find("metrics line 2"), std::string::npos);
}

TEST(Benchmark, ThePadIsInTheEnvironmentAndOnRecord) {
  Listener listener;
  const varve::Run run = run_of(shell("echo ${#VARVE_PAD}", 5), listener);
  std::istringstream text(listener.text);
  for (const Unit& unit : run.units) {
    int pad = -1;
    text >> pad;
    EXPECT_EQ(pad, unit.environment_pad);
  }
}

TEST(Benchmark, SecretsAndHomesStayOut) {
  World world = host_world();
  world.environment["HOME"] = "/home/varve-user";
  world.environment["AWS_SECRET_ACCESS_KEY"] = "planted-aws-value-1";
  world.environment["HF_TOKEN"] = "hf_plantedplantedplanted";
  RunPlan plan = plan_of({"sh", "-c", "env; echo --token=planted-in-output; exit 1", "sh", "--token=planted-argument",
                          "--api-key", "planted-next", "/home/varve-user/model"});
  plan.variants[0].environment["MY_PASSWORD"] = "planted-password";
  plan.variants[0].environment["CACHE"] = "/home/varve-user/cache";
  plan.name = "sh --token=planted-name";
  Listener listener;
  Result<varve::Run> run = run_benchmark(plan, world, listener);
  ASSERT_TRUE(run) << to_text(run.error());
  EXPECT_NE(listener.text.find("planted-aws-value-1"), std::string::npos) << "the program itself gets its environment";
  const std::string text = pretty_json(to_json(*run));
  EXPECT_EQ(text.find("planted"), std::string::npos) << text.substr(text.find("planted") - 200, 400);
  EXPECT_EQ(text.find("varve-user"), std::string::npos) << text.substr(text.find("varve-user") - 200, 400);
  EXPECT_NE(text.find("~/model"), std::string::npos);
  EXPECT_EQ(run->variants[0].environment.at("CACHE"), "~/cache");
}

TEST(Benchmark, WhatOneVariantSetsAndAnotherInheritsIsTold) {
  World world = host_world();
  world.environment["NAP"] = "0.02";
  world.environment["HF_TOKEN"] = "hf_plantedplantedplanted";
  RunPlan plan = plan_of({"true"});
  plan.variants.push_back(plan.variants[0]);
  plan.variants[1].environment = {{"NAP", "0.04"}, {"HF_TOKEN", "hf_plantedplantedother"}, {"NEW", "1"}};
  Listener listener;
  const Result<varve::Run> run = run_benchmark(plan, world, listener);
  ASSERT_TRUE(run) << to_text(run.error());
  const Variant &a = run->variants[0], &b = run->variants[1];
  EXPECT_EQ(value_text(*a.settings.at("NAP").value), "0.02");
  EXPECT_EQ(a.settings.at("HF_TOKEN").missing, Missing::denied);
  EXPECT_FALSE(a.settings.contains("NEW"));
  EXPECT_FALSE(b.settings.contains("NAP")) << "what the plan sets stands in the plan";
  EXPECT_EQ(pretty_json(to_json(*run)).find("planted"), std::string::npos);
}

TEST(Benchmark, NoDescriptorsAreLeftOpen) {
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return std::distance(begin(entries), end(entries));
  };
  run_of(plan_of({"true"}, 1));
  const auto before = open_descriptors();
  run_of(plan_of({"true"}, 20));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Benchmark, CpuSamplesAndLibrariesComeWithTheUnit) {
  RunPlan plan = shell("i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done", 1);
  plan.sampling_hertz = 499;
  const varve::Run run = run_of(plan);
  ASSERT_EQ(run.units.size(), 1u);
  const Unit& unit = run.units[0];
  const Profile* cpu = unit.profiles.find(kCpuSamples);
  if (cpu == nullptr) {
    ASSERT_FALSE(unit.profiles.reasons_absent(kCpuSamples).empty());
    EXPECT_NE(find(run, "VRV-RUN-NO-KERNEL-EVIDENCE"), nullptr);
    GTEST_SKIP() << "no CPU samples here: " << unit.profiles.reasons_absent(kCpuSamples)[0];
  }
  EXPECT_GT(cpu->samples(), 10u);
  EXPECT_EQ(cpu->whole_ns, std::llround((unit.user_seconds + unit.system_seconds) * 1e9));
  EXPECT_FALSE(unit.libraries.empty());
}

TEST(Benchmark, UnitsTooShortForASampleAreWatchedInTheFirstRound) {
  RunPlan plan = plan_of({"true"}, 2);
  plan.sampling_hertz = 1;  // a second of CPU time apart
  const varve::Run run = run_of(plan);
  ASSERT_EQ(run.units.size(), 2u);
  if (run.units[0].profiles.find(kCpuSamples) == nullptr) GTEST_SKIP() << "no CPU samples here";
  EXPECT_FALSE(run.units[0].libraries.empty());
  EXPECT_TRUE(run.units[1].libraries.empty());
  const std::vector<std::string> reasons = run.units[1].profiles.reasons_absent(kCpuSamples);
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_NE(reasons[0].find("1000 ms lie between two samples"), std::string::npos) << reasons[0];
  const Finding* finding = find(run, "VRV-RUN-NO-KERNEL-EVIDENCE");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->fix.find("--sampling"), std::string::npos) << "it is permitted: " << finding->fix;
}

TEST(Benchmark, WithoutSamplesTheLibrariesAreLookedUp) {
  const varve::Run run = run_of(plan_of({"sleep", "0.3"}, 1));
  ASSERT_EQ(run.units.size(), 1u);
  bool found = false;
  for (const Library& library : run.units[0].libraries)
    found = found || library.path.find("/libc.so") != std::string::npos;
  EXPECT_TRUE(found);
  EXPECT_FALSE(run.units[0].profiles.reasons_absent(kCpuSamples).empty());
  EXPECT_NE(find(run, "VRV-RUN-NO-KERNEL-EVIDENCE"), nullptr);
}

TEST(FileDigest, IsTheSha256) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/file";
  const std::string text(200'000, 'x');
  std::ofstream(path) << text;
  EXPECT_EQ(file_digest(path), sha256_hex(text));
  EXPECT_EQ(file_digest(directory->path()), "");
  EXPECT_EQ(file_digest(path + ".none"), "");
  EXPECT_EQ(file_digest(path, 1000), "") << "larger than the cap";
}

TEST(NamedFiles, AreTheRegularFilesAmongTheArguments) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string script = directory->path() + "/train.py", config = directory->path() + "/a.yaml";
  std::ofstream(script) << "print(1)";
  std::ofstream(config) << "size: 1";
  const std::vector<std::string> command = {"/bin/sh",         script,     "--steps", "3", "--config=" + config,
                                            directory->path(), "/dev/null"};
  std::vector<std::string> shown = command;
  shown[1] = "~/train.py";
  const std::vector<NamedFile> files = named_files(command, shown);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].argument, 1);
  EXPECT_EQ(files[0].path, "~/train.py");
  EXPECT_EQ(files[0].digest, sha256_hex("print(1)"));
  EXPECT_EQ(files[1].argument, 4);
  EXPECT_EQ(files[1].path, config);
  EXPECT_EQ(files[1].digest, sha256_hex("size: 1"));
  shown[1] = "[redacted]";
  EXPECT_EQ(named_files(command, shown).size(), 1u) << "what was redacted does not come back as a file";
}

TEST(NamedFiles, BeyondTheCapTheyAreNamedWithTheReason) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string large = directory->path() + "/model.bin";
  std::ofstream(large) << "x";
  std::filesystem::resize_file(large, (std::uintmax_t{256} << 20) + 1);  // a hole: it takes no space
  const std::vector<NamedFile> files = named_files({"run", large}, {"run", large});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].digest, "");
  EXPECT_EQ(files[0].missing, "not hashed, larger than 256 MiB");
}

}  // namespace
}  // namespace varve
