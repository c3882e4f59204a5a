#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rules/analysis/made_stack_testing.h"
#include "rules/consumer/consumer_rules.h"

namespace varve {
namespace {

using test::add_framework;
using test::coverage_of;
using test::MadeStack;

// The tables of this room.
std::vector<Rule> consumer_rules() {
  std::vector<Rule> rules;
  for (const auto* table : {&runtime_rules(), &forward_rules(), &code_rules()}) {
    rules.insert(rules.end(), table->begin(), table->end());
  }
  return rules;
}

// Their findings alone.
std::map<std::string, Found> findings_of(const Analysis& analysis) {
  std::map<std::string, Found> findings;
  for (const Rule& rule : consumer_rules()) {
    for (Found& found : rule.judge(analysis)) {
      found.severity = found.severity.value_or(rule.severity);
      findings.emplace(rule.id, std::move(found));
    }
  }
  return findings;
}

std::map<std::string, Found> findings_of(const MadeStack& stack) { return findings_of(stack.analysis()); }

std::set<std::string> errors_of(const MadeStack& stack) {
  std::set<std::string> ids;
  for (const auto& [id, found] : findings_of(stack)) {
    if (found.severity == Severity::error) ids.insert(id);
  }
  return ids;
}

Coverage usual_runtime_code() { return coverage_of({{{"sm_70", "sm_80", "sm_86", "sm_90"}, 100}}); }

using Ids = std::set<std::string>;

TEST(RuntimeRules, AreSilentOnWhatFits) {
  MadeStack fits;
  fits.driver("550.163.01", "12.4").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  for (const auto& [id, found] : findings_of(add_framework(fits, "12.1", usual_runtime_code()))) {
    EXPECT_EQ(found.severity, Severity::note) << id << ": " << found.evidence;
  }
  MadeStack cpu;
  cpu.no_gpu();
  EXPECT_TRUE(findings_of(add_framework(cpu, "13.2", usual_runtime_code())).empty());
  MadeStack alone;
  EXPECT_TRUE(findings_of(add_framework(alone, "13.2", usual_runtime_code())).empty());
  MadeStack old_driver_without_gpu;
  old_driver_without_gpu.driver("470.256.02", "11.4").missing("gpu.count", Missing::not_applicable);
  EXPECT_TRUE(errors_of(add_framework(old_driver_without_gpu, "13.2", usual_runtime_code())).empty());
}

TEST(RuntimeRules, AreSilentOnTwoMajorVersionsSideBySide) {
  MadeStack stack;
  stack.driver("580.95.05", "13.0").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  add_framework(stack, "13.0", usual_runtime_code());
  add_framework(stack, "12.1", usual_runtime_code(), "cupy-cuda12x", "14.2.0");
  for (const auto& [id, found] : findings_of(stack)) EXPECT_EQ(found.severity, Severity::note) << id;
}

TEST(RuntimeRules, NameTheRegimeAndAllThatShareTheCause) {
  MadeStack stack;
  stack.driver("535.261.03", "12.2").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  add_framework(stack, "13.2", usual_runtime_code());
  add_framework(stack, "13.0", usual_runtime_code(), "cupy-cuda13x", "14.2.0");
  EXPECT_EQ(errors_of(stack), Ids{"VRV-RUNTIME-DRIVER-TOO-OLD"});
  const Found found = findings_of(stack).at("VRV-RUNTIME-DRIVER-TOO-OLD");
  for (const char* text : {"torch 2.5.0 in /env", "cupy-cuda13x 14.2.0 in /env", "535.261.03", "API level 12.2"}) {
    EXPECT_NE(found.evidence.find(text), std::string::npos) << found.evidence;
  }
  EXPECT_NE(found.fix.find("580.65.06"), std::string::npos) << found.fix;
}

TEST(RuntimeRules, SayWhatMinorVersionCompatibilityLeavesOut) {
  MadeStack stack;
  stack.driver("525.147.05", "12.0").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  add_framework(stack, "12.4", usual_runtime_code());
  EXPECT_TRUE(errors_of(stack).empty());
  const auto findings = findings_of(stack);
  ASSERT_TRUE(findings.contains("VRV-RUNTIME-MINOR-VERSION"));
  EXPECT_EQ(findings.at("VRV-RUNTIME-MINOR-VERSION").severity, Severity::note);
  EXPECT_NE(findings.at("VRV-RUNTIME-MINOR-VERSION").evidence.find("8.0"), std::string::npos);
  MadeStack only_ptx;
  only_ptx.driver("525.147.05", "12.0").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  add_framework(only_ptx, "12.4", coverage_of({{{"compute_80:8.4"}, 10}}));
  EXPECT_EQ(errors_of(only_ptx), Ids{"VRV-CODE-PTX-TOO-NEW"});
}

TEST(RuntimeRules, SayThatAnotherToolkitDoesNotMendMissingCode) {
  MadeStack stack;
  stack.driver("580.95.05", "13.0").gpu("NVIDIA GeForce RTX 5090", "12.0");
  add_framework(stack, "12.1", usual_runtime_code());
  EXPECT_EQ(errors_of(stack), Ids{"VRV-CODE-NO-KERNEL-IMAGE"});
  for (const Rule& rule : consumer_rules()) {
    if (std::string(rule.id) != "VRV-CODE-NO-KERNEL-IMAGE") continue;
    EXPECT_NE(std::string(rule.fix).find("host toolkit"), std::string::npos);
  }
  MadeStack mixed;
  mixed.driver("550.163.01", "12.4").gpu("NVIDIA A100", "8.0").gpu("Quadro P400", "6.1");
  add_framework(mixed, "12.1", usual_runtime_code());
  EXPECT_TRUE(errors_of(mixed).empty()) << "it runs on the other GPU";
}

TEST(RuntimeRules, KnowTheErrorsOfForwardCompatibility) {
  struct Row {
    const char *compat, *level, *kernel, *gpu, *capability, *id;
  };
  for (const Row& row :
       {Row{"550.54.15", "12.4", "535.104.05", "NVIDIA GeForce RTX 4090", "8.9", "VRV-FORWARD-GPU-CLASS"},
        {"550.54.15", "12.4", "545.29.06", "Tesla T4", "7.5", "VRV-FORWARD-BRANCH"},
        {"535.54.03", "12.2", "550.54.15", "Tesla T4", "7.5", "VRV-FORWARD-OLDER"}}) {
    MadeStack stack;
    stack.compat(row.compat, row.level, row.kernel).gpu(row.gpu, row.capability);
    EXPECT_TRUE(errors_of(stack).contains(row.id)) << row.id;
  }
  MadeStack eligible;
  eligible.compat("550.54.15", "12.4", "535.104.05").gpu("NVIDIA A100-SXM4-80GB", "8.0");
  add_framework(eligible, "12.4", usual_runtime_code());
  EXPECT_TRUE(errors_of(eligible).empty());
  EXPECT_TRUE(findings_of(eligible).contains("VRV-FORWARD-IN-USE"));
}

DriverFile compat_file(const std::string& version, const std::string& level) {
  return {.library = "libcuda",
          .path = "/usr/local/cuda-13.0/compat/libcuda.so." + version,
          .found_by = "directory",
          .role = DriverFileRole::compat,
          .loaded_first = false,
          .build_id = {},
          .version = known_fact(version, "made"),
          .api_level = known_fact(level, "made"),
          .compat_branches = {}};
}

TEST(RuntimeRules, PointToACompatLibraryThatIsThereAndNotTaken) {
  MadeStack stack;
  stack.driver("535.104.05", "12.2").gpu("NVIDIA A100-SXM4-80GB", "8.0");
  add_framework(stack, "13.0", usual_runtime_code());
  EXPECT_FALSE(findings_of(stack).contains("VRV-FORWARD-NOT-FIRST"));
  stack.stack().driver_files = {compat_file("580.65.06", "13.0")};
  const auto findings = findings_of(stack);
  ASSERT_TRUE(findings.contains("VRV-FORWARD-NOT-FIRST"));
  EXPECT_NE(findings.at("VRV-FORWARD-NOT-FIRST").fix.find("/usr/local/cuda-13.0/compat"), std::string::npos);
}

TEST(RuntimeRules, WarnOfAnImageWhoseCompatLibrariesTheGpuMayNotUse) {
  MadeStack machine, image;
  machine.driver("535.104.05", "12.2").gpu("NVIDIA GeForce RTX 3090", "8.6");
  image.stack().driver_files = {compat_file("580.65.06", "13.0")};
  image.stack().image.emplace();
  add_framework(image, "12.1", usual_runtime_code());
  const Analysis analysis = analyse(machine.stack(), image.stack(), machine.knowledge());
  EXPECT_TRUE(findings_of(analysis).contains("VRV-FORWARD-IMAGE"));
}

TEST(RuntimeRules, TellAGpuThatIsTooNewFromOneThatWasDropped) {
  MadeStack too_new;
  too_new.driver("550.163.01", "12.4").gpu("NVIDIA GeForce RTX 5090", "12.0");
  EXPECT_EQ(errors_of(too_new), Ids{"VRV-RUNTIME-GPU-UNKNOWN"});
  MadeStack dropped;
  dropped.driver("550.163.01", "12.4").gpu("Tesla K40m", "3.5");
  EXPECT_EQ(errors_of(dropped), Ids{"VRV-RUNTIME-GPU-DROPPED"});
  MadeStack listed;
  listed.driver("550.163.01", "12.4").gpu("NVIDIA Odd", "12.0");
  listed.stack().facts["gpu.compute_capabilities"].source = "nvmlDeviceGetCudaComputeCapability";
  EXPECT_TRUE(errors_of(listed).empty()) << "the driver itself lists it";
}

TEST(RuntimeRules, NoteABranchPastItsEnd) {
  MadeStack stack;
  stack.driver("535.261.03", "12.2");
  EXPECT_TRUE(findings_of(stack).contains("VRV-RUNTIME-BRANCH-END-OF-LIFE"));
  stack.stack().captured_at = "2026-06-30T00:00:00Z";
  EXPECT_FALSE(findings_of(stack).contains("VRV-RUNTIME-BRANCH-END-OF-LIFE")) << "its last month is not over";
}

TEST(RuntimeRules, WarnOfCompressionThatTheDriverDoesNotKnow) {
  MadeStack stack;
  stack.driver("535.261.03", "12.2").gpu("NVIDIA A100", "8.0");
  Coverage coverage = usual_runtime_code();
  coverage.codecs = {"zstd"};
  add_framework(stack, "12.9", coverage);
  EXPECT_TRUE(findings_of(stack).contains("VRV-CODE-COMPRESSION"));
  stack.driver("550.163.01", "12.4");
  EXPECT_FALSE(findings_of(stack).contains("VRV-CODE-COMPRESSION"));
}

TEST(RuntimeRules, HaveRowsThatHold) {
  const std::set<FaultCategory> categories = {FaultCategory::driver_ceiling, FaultCategory::kernel_coverage,
                                              FaultCategory::user_kernel_mismatch, FaultCategory::device_handshake,
                                              FaultCategory::silent_slowdown};
  std::set<std::string> ids;
  for (const Rule& rule : consumer_rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(categories.contains(rule.category)) << rule.id;
    for (const char* text : {rule.statement, rule.consequence, rule.fix, rule.source})
      EXPECT_NE(std::string(text), "") << rule.id;
    EXPECT_TRUE(rule.judge(MadeStack().analysis()).empty()) << rule.id << " has something to say of nothing";
  }
}

}  // namespace
}  // namespace varve
