#include "rules/log/log_findings.h"

#include <gtest/gtest.h>

#include "rules/log/log_reader.h"

namespace varve {
namespace {

const Knowledge& joined_knowledge() {
  static const Knowledge known = *load_knowledge();
  return known;
}
const ErrorPatterns& joined_patterns() {
  static const ErrorPatterns loaded = *load_error_patterns(joined_knowledge());
  return loaded;
}

Finding finding(const std::string& id, FaultCategory category, const std::string& evidence,
                Severity severity = Severity::error) {
  return {.id = id, .severity = severity, .evidence = evidence, .category = category};
}

// A library that is needed and not there.
Finding lacking(const std::string& id, const std::string& library) {
  Finding lacks = finding(id, FaultCategory::library_mix, "one is needed and not found");
  lacks.about = {{FindingSubject::Kind::missing_library, library}};
  return lacks;
}

struct Joined {
  std::vector<ExplainedError> errors;
  std::vector<Finding> findings;
};

Joined join(std::string_view log, std::vector<Finding> findings) {
  const Stack stack;
  const Analysis analysis = analyse(stack, stack, joined_knowledge());
  Joined joined{.errors = read_log_text(log, joined_patterns()).errors, .findings = std::move(findings)};
  join_errors(joined.errors, joined.findings, analysis, {}, joined_patterns());
  return joined;
}

TEST(JoinErrors, A999OnAStackWithoutUvmIsTheMissingModule) {
  const Joined joined =
      join("CUDA unknown error - this may be due to an incorrectly set up environment",
           {finding("VRV-DEVICE-UVM-MISSING", FaultCategory::device_handshake, "nvidia_uvm is not loaded")});
  ASSERT_EQ(joined.errors.size(), 1U);
  EXPECT_EQ(joined.errors[0].explained_by, "VRV-DEVICE-UVM-MISSING");
  ASSERT_EQ(joined.findings.size(), 1U);
  EXPECT_EQ(joined.findings[0].evidence.substr(0, 39), "nvidia_uvm is not loaded; log line 1: C");
}

TEST(JoinErrors, AMessageThatBlamesTheWrongLayerIsCorrected) {
  const Joined joined =
      join("RuntimeError: CUDA error: no kernel image is available for execution on the device",
           {finding("VRV-RUNTIME-GPU-UNKNOWN", FaultCategory::driver_ceiling, "driver 525 does not know sm_120")});
  EXPECT_EQ(joined.errors[0].category, FaultCategory::kernel_coverage);
  EXPECT_EQ(joined.errors[0].explained_by, "VRV-RUNTIME-GPU-UNKNOWN");
  EXPECT_NE(joined.errors[0].correction.find("driver 525 does not know sm_120"), std::string::npos);
}

TEST(JoinErrors, TooOldWithoutAnyDriverIsNoDriver) {
  const Joined joined =
      join("CUDA driver version is insufficient for CUDA runtime version",
           {finding("VRV-RUNTIME-DRIVER-TOO-OLD", FaultCategory::driver_ceiling, "API level 0 is below 12.4"),
            finding("VRV-DRIVER-NONE", FaultCategory::device_handshake, "no driver is installed")});
  EXPECT_EQ(joined.errors[0].explained_by, "VRV-DRIVER-NONE");
  EXPECT_EQ(joined.findings[0].id, "VRV-DRIVER-NONE");
  EXPECT_FALSE(joined.errors[0].correction.empty());
}

// Bridges that redirect peers account for no network that does not answer, though both are of one category.
TEST(JoinErrors, AMessageThatStandsAloneIsNotAnotherFindings) {
  const Joined joined =
      join("NCCL WARN Call to connect to 10.0.0.1<45671> failed : No route to host",
           {finding("VRV-DEVICE-ACS", FaultCategory::device_handshake, "2 bridges redirect", Severity::warning)});
  ASSERT_EQ(joined.errors.size(), 1U);
  EXPECT_EQ(joined.errors[0].explained_by, "");
  ASSERT_EQ(joined.findings.size(), 2U);
  EXPECT_EQ(joined.findings[1].evidence, "2 bridges redirect");
}

TEST(JoinErrors, JaxWithoutBackendIsWhateverIsBroken) {
  const Joined joined = join("RuntimeError: Backend 'gpu' is not in the list of known backends: cpu.",
                             {finding("VRV-SOMETHING-NEW", FaultCategory::device_handshake, "the node is missing")});
  EXPECT_EQ(joined.errors[0].explained_by, "VRV-SOMETHING-NEW");
}

TEST(JoinErrors, AnErrorThatNothingAccountsForIsAFindingOfItsOwn) {
  const Joined joined = join("x\nlibtorch.so: undefined symbol: ncclMemFree\n",
                             {finding("VRV-SPEED-X", FaultCategory::silent_slowdown, "TF32 is off", Severity::note)});
  ASSERT_EQ(joined.findings.size(), 2U);
  EXPECT_EQ(joined.findings[0].id, "VRV-LOG-ERROR");
  EXPECT_EQ(joined.findings[0].category, FaultCategory::library_mix);
  EXPECT_EQ(joined.findings[0].severity, Severity::error);
  EXPECT_EQ(joined.findings[0].evidence, "log line 2: libtorch.so: undefined symbol: ncclMemFree");
  EXPECT_TRUE(joined.errors[0].explained_by.empty());
}

TEST(JoinErrors, WhatIsNoFaultOfTheStackAndWhatIsHarmlessIsNoFinding) {
  EXPECT_TRUE(join("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", {}).findings.empty());
  EXPECT_TRUE(
      join("Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN", {}).findings.empty());
  EXPECT_TRUE(join("all is well\n", {}).findings.empty());
}

TEST(JoinErrors, WrappersYieldToTheMessageThatNamesTheCause) {
  const Joined joined = join(
      "NCCL WARN Cuda failure 'named symbol not found'\n"
      "torch.distributed.DistBackendError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)\n"
      "RuntimeError: No GPU found\n",
      {});
  ASSERT_EQ(joined.findings.size(), 1U);
  EXPECT_EQ(joined.findings[0].evidence.substr(0, 10), "log line 1");
}

TEST(JoinErrors, OfSeveralFindingsTheOneThatNamesTheLibraryAccounts) {
  const Joined joined =
      join("libcublasLt.so.13: cannot open shared object file",
           {finding("VRV-LIBRARY-NOT-FOUND", FaultCategory::library_mix, "libnccl.so.2 is needed and not found"),
            finding("VRV-LIBRARY-NOT-FOUND", FaultCategory::library_mix, "libcublasLt.so.13 is needed and not found")});
  EXPECT_EQ(joined.findings[0].evidence.substr(0, 17), "libcublasLt.so.13");
}

TEST(JoinErrors, WhatAFindingLacksDecidesWhateverTheNameOfItsRule) {
  for (const char* id : {"VRV-LIBRARY-NOT-FOUND", "VRV-FRAMEWORK-CUDA-MISSING", "VRV-LIBRARY-OTHER"}) {
    const char* message = "libcublasLt.so.13: cannot open shared object file";
    EXPECT_EQ(join(message, {lacking(id, "libnccl.so.2")}).errors[0].explained_by, "") << id;
    const Joined joined = join(message, {lacking(id, "libnccl.so.2"), lacking(id, "libcublasLt.so.13")});
    EXPECT_EQ(joined.errors[0].explained_by, id);
    ASSERT_FALSE(joined.findings.empty());
    EXPECT_EQ(joined.findings[0].about[0].name, "libcublasLt.so.13") << id;
  }
}

TEST(JoinErrors, OfSeveralFindingsTheOneAboutTheSettingThatIsNamedAccounts) {
  Finding other = finding("VRV-A", FaultCategory::device_handshake, "CUDA_VISIBLE_DEVICES may matter"), about = other;
  about.id = "VRV-B";
  about.about = {{FindingSubject::Kind::setting, "CUDA_VISIBLE_DEVICES"}};
  const Joined joined = join(
      "CUDA unknown error - this may be due to an incorrectly set up environment, e.g. changing env "
      "variable CUDA_VISIBLE_DEVICES after program start",
      {other, about});
  ASSERT_EQ(joined.errors.size(), 1U);
  EXPECT_EQ(joined.errors[0].explained_by, "VRV-B");
}

TEST(JoinErrors, AFindingThatBrokeSomethingIsAnError) {
  const Joined joined =
      join("CUDA unknown error - this may be due to an incorrectly set up environment",
           {finding("VRV-A", FaultCategory::library_mix, "another error"),
            finding("VRV-DEVICE-SLEPT", FaultCategory::device_handshake, "it slept", Severity::warning)});
  EXPECT_EQ(joined.findings[0].id, "VRV-DEVICE-SLEPT");
  EXPECT_EQ(joined.findings[0].severity, Severity::error);
}

TEST(JoinErrors, ANoteThatSomebodyComplainsOfIsAWarning) {
  const Joined joined =
      join("after the update torch.bmm is 250x slower",
           {finding("VRV-RUNTIME-BRANCH-END-OF-LIFE", FaultCategory::driver_ceiling, "old", Severity::note),
            finding("VRV-SPEED-KNOWN-SLOWER", FaultCategory::silent_slowdown, "cublas", Severity::note)});
  EXPECT_EQ(joined.findings[0].id, "VRV-SPEED-KNOWN-SLOWER");
  EXPECT_EQ(joined.findings[0].severity, Severity::warning);
}

TEST(JoinErrors, SlownessBesideAnErrorIsNotTheFault) {
  const Joined joined = join("RuntimeError: No CUDA GPUs are available\nnow it is 20 times slower", {});
  ASSERT_EQ(joined.findings.size(), 1U);
  EXPECT_EQ(joined.findings[0].category, FaultCategory::device_handshake);
}

}  // namespace
}  // namespace varve
