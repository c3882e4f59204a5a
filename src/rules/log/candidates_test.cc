// A message is a hypothesis: what facts make of it, by the whole way from a log and a stack to the answer.
#include "rules/log/candidates.h"

#include <gtest/gtest.h>

#include "rules/analysis/made_stack_testing.h"
#include "rules/check_stack.h"
#include "rules/judgement.h"
#include "rules/log/log_reader.h"
#include "rules/log/log_stack.h"

namespace varve {
namespace {

using test::MadeStack;

const Knowledge& candidate_knowledge() {
  static const Knowledge known = *load_knowledge();
  return known;
}
const ErrorPatterns& candidate_patterns() {
  static const ErrorPatterns loaded = *load_error_patterns(candidate_knowledge());
  return loaded;
}

// The check of a stack with a log.
Check judged(MadeStack made, std::string_view text) {
  const LogReading log = read_log_text(text, candidate_patterns());
  const std::vector<std::string> others = complete_stack(made.stack(), log);
  const Analysis analysis = made.analysis();
  Check check = check_analysis(analysis);
  add_log(analysis, candidate_patterns(), log, others, check);
  return check;
}

MadeStack bare() {
  MadeStack made(candidate_knowledge());
  made.stack().environments.clear();
  return made;
}

const ExplainedError& first(const Check& check) {
  static const ExplainedError none;
  EXPECT_FALSE(check.errors.empty());
  return check.errors.empty() ? none : check.errors.front();
}

// The state of the candidate whose cause holds these words; "none" where there is none.
std::string state_of(const ExplainedError& error, std::string_view words) {
  for (const CauseCandidate& one : error.candidates) {
    if (one.cause.find(words) != std::string::npos) return std::string(to_string(one.state));
  }
  return "none";
}

std::string broken_link(const Check& check) {
  return check.first_broken ? std::string(to_string(*check.first_broken)) : "none";
}

constexpr const char* kFlashInfer = "RuntimeError: FlashInfer requires GPUs with sm75 or higher\n";

TEST(Candidates, FlashInferThatDropsANewGpuIsNoOldGpu) {
  const Check check = judged(bare().gpu("NVIDIA GeForce RTX 5090", "12.0").driver("595.58.03", "13.2"), kFlashInfer);
  EXPECT_EQ(first(check).standing, CauseStanding::supported);
  EXPECT_EQ(state_of(first(check), "no code for GPUs below 7.5"), "excluded");
  EXPECT_NE(first(check).cause.find("older than 12.9"), std::string::npos);
  EXPECT_EQ(broken_link(check), "host_toolkit");
}

TEST(Candidates, FlashInferOnAnOldGpuIsTheGpu) {
  const Check check = judged(bare().gpu("Tesla V100-SXM2-16GB", "7.0").driver("550.54.15", "12.4"), kFlashInfer);
  EXPECT_EQ(first(check).standing, CauseStanding::confirmed);
  EXPECT_EQ(broken_link(check), "kernels");
}

TEST(Candidates, FlashInferOfANewToolkitIsNeither) {
  MadeStack made = bare().gpu("NVIDIA GeForce RTX 5090", "12.0").driver("595.58.03", "13.2");
  const Check check = judged(made.fact("toolkit.nvcc.version", std::string("13.0")), kFlashInfer);
  EXPECT_EQ(state_of(first(check), "older than 12.9"), "excluded");
  EXPECT_NE(first(check).cause.find("list of targets"), std::string::npos);
}

constexpr const char* kNoDriver = "RuntimeError: Found no NVIDIA driver on your system.\n";

TEST(Candidates, UnderAnOldKernelOfWslNoLinuxDriverIsAdvised) {
  MadeStack made = bare().missing("driver.user_mode.version", Missing::absent);
  made.fact("os.kernel.release", std::string("5.10.16.3-microsoft-standard-WSL2"));
  const Check check = judged(made.fact("machine.hypervisor", std::string("Hyper-V (WSL)")), kNoDriver);
  EXPECT_EQ(first(check).standing, CauseStanding::confirmed);
  EXPECT_NE(first(check).fix.find("wsl --update"), std::string::npos);
  EXPECT_EQ(state_of(first(check), "kernel module is not loaded"), "excluded");
  EXPECT_EQ(broken_link(check), "kernel_driver");
}

TEST(Candidates, TheKernelOfWslMayStandInTheLog) {
  const std::string log =
      std::string("Python platform: Linux-5.10.16.3-microsoft-standard-WSL2-x86_64-with-glibc2.35\n") + kNoDriver;
  EXPECT_NE(first(judged(bare(), log)).fix.find("wsl --update"), std::string::npos);
}

TEST(Candidates, WhereNothingIsKnownNoDriverIsNotDecided) {
  const Check check = judged(bare(), kNoDriver);
  EXPECT_EQ(first(check).standing, CauseStanding::undecided);
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  ASSERT_FALSE(check.findings.empty());
  EXPECT_EQ(check.findings[0].id, "VRV-LOG-ERROR");
  EXPECT_EQ(check.findings[0].severity, Severity::warning);
  for (const CauseCandidate& one : first(check).candidates) EXPECT_FALSE(one.decide.empty()) << one.cause;
}

constexpr const char* kNvls = "node:1:2 [1] transport/nvls.cc:158 NCCL WARN Cuda failure 1 'invalid argument'\n";

TEST(Candidates, NcclsTransportIsNotTheProgram) {
  const Check check = judged(bare(), std::string(kNvls) + "ncclInternalError: Internal check failed.\n");
  EXPECT_NE(first(check).category, FaultCategory::none);
  EXPECT_NE(first(check).cause.find("not a call of the program"), std::string::npos);
  EXPECT_EQ(exit_status(check), ExitStatus::failed);
  ASSERT_EQ(check.errors.size(), 2U);
  EXPECT_EQ(check.errors[1].follows, 1);  // folded
  const auto own = std::count_if(check.findings.begin(), check.findings.end(),
                                 [](const Finding& finding) { return finding.id == "VRV-LOG-ERROR"; });
  EXPECT_EQ(own, 1);
}

TEST(Candidates, HardwareThatWasReadDecidesAboutTheFabric) {
  MadeStack card = bare().gpu("NVIDIA H100 PCIe", "9.0").driver("550.54.15", "12.4");
  card.fact("gpu.nvswitches", std::int64_t{0}).fact("machine.hypervisor", std::string("none"));
  EXPECT_EQ(state_of(first(judged(card, kNvls)), "fabric manager was restarted"), "excluded");
  const Check waits = judged(card, "CUDA error: system not yet initialized\n");
  EXPECT_EQ(state_of(first(waits), "The fabric manager does not run"), "excluded");
  MadeStack board = bare().gpu("NVIDIA H100 80GB HBM3", "9.0").driver("550.54.15", "12.4");
  board.fact("gpu.nvswitches", std::int64_t{4}).fact("machine.hypervisor", std::string("none"));
  EXPECT_EQ(first(judged(board, kNvls)).standing, CauseStanding::supported);
}

TEST(Candidates, PartitionsAndChipsExplainWhatIsNotSupported) {
  MadeStack parts = bare().gpu("NVIDIA A100-SXM4-80GB", "8.0").driver("550.54.15", "12.4");
  parts.fact("gpu.mig.instances", std::vector<std::string>{"gpu0/gi1"});
  const Check divided = judged(parts, "CUDA error: peer access is not supported between these two devices\n");
  EXPECT_EQ(first(divided).standing, CauseStanding::confirmed);
  EXPECT_NE(first(divided).cause.find("MIG"), std::string::npos);
  MadeStack jetson = bare().gpu("Orin", "8.7").driver("540.4.0", "12.6");
  jetson.fact("os.jetson_linux", std::string("36.4.0"));
  const Check chip = judged(jetson, "CUDA error: operation not supported\n");
  EXPECT_EQ(first(chip).standing, CauseStanding::confirmed);
  EXPECT_NE(first(chip).cause.find("system on a chip"), std::string::npos);
}

// GPUs before Ampere have no partitions, and one that a sentence names may have a second beside it.
TEST(Candidates, PeersThatAreRefusedAreNoPartsOfAGpuThatHasNone) {
  const Check check =
      judged(bare().gpu("NVIDIA GeForce GTX 1080", "6.1"),
             "failed to open CUDA IPC handle : 217 peer access is not supported between these two devices\n");
  EXPECT_NE(first(check).cause.find("These GPUs have no peer access"), std::string::npos) << first(check).cause;
  EXPECT_EQ(state_of(first(check), "The GPU is divided (MIG)"), "excluded");
}

TEST(Candidates, NoKernelImageWithSoundCodeIsTheDriverThatIsAMinorVersionShort) {
  MadeStack made(candidate_knowledge());
  made.gpu("NVIDIA H100 PCIe", "9.0").driver("550.54.15", "12.4");
  test::add_framework(made, "12.8", test::coverage_of({{{"sm_80", "sm_90", "compute_90:8.4"}, 40}}));
  const Check check =
      judged(made, "RuntimeError: CUDA error: no kernel image is available for execution on the device\n");
  EXPECT_EQ(state_of(first(check), "neither machine code for this GPU"), "excluded");
  EXPECT_EQ(first(check).standing, CauseStanding::supported);
  EXPECT_NE(first(check).cause.find("The driver is of the runtime's major version and older"), std::string::npos);
  EXPECT_EQ(broken_link(check), "user_driver");
}

TEST(Candidates, AnArchitectureThatWasRemovedIsNotNewer) {
  const Check removed = judged(bare(), "ptxas fatal   : Value 'sm_30' is not defined for option 'gpu-name'\n");
  EXPECT_NE(first(removed).cause.find("CUDA has dropped it"), std::string::npos);
  const Check future = judged(bare(), "ptxas fatal   : Value 'sm_121a' is not defined for option 'gpu-name'\n");
  EXPECT_NE(first(future).cause.find("is older than sm_121a"), std::string::npos);
  EXPECT_EQ(state_of(first(future), "CUDA has dropped it"), "excluded");
  MadeStack old = bare().fact("toolkit.nvcc.version", std::string("11.4"));
  const Check known = judged(old, "nvcc fatal   : Unsupported gpu architecture 'compute_89'\n");
  EXPECT_EQ(first(known).standing, CauseStanding::confirmed);
  MadeStack newest = bare().fact("toolkit.nvcc.version", std::string("13.0"));
  const Check dropped = judged(newest, "nvcc fatal   : Unsupported gpu architecture 'compute_70'\n");
  EXPECT_NE(first(dropped).cause.find("CUDA has dropped it"), std::string::npos);
  EXPECT_EQ(first(dropped).standing, CauseStanding::confirmed);
}

TEST(Candidates, Number303IsNoLibcuda) {
  for (const char* text :
       {"failed call to cuInit: UNKNOWN ERROR (303)\n", "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)\n",
        "E0000 cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: "
        "UNKNOWN ERROR (303)\n"}) {
    const Check check = judged(bare(), text);
    EXPECT_EQ(first(check).pattern, "cuda-303") << text;
    EXPECT_EQ(check.errors.size(), 1U) << text;
  }
  MadeStack lacks = bare().fact("driver.kernel_mode.version", std::string("550.54.15"));
  lacks.missing("driver.user_mode.version", Missing::absent);
  EXPECT_NE(first(judged(lacks, "failed call to cuInit: UNKNOWN ERROR (303)\n")).cause.find("libcuda"),
            std::string::npos);
}

TEST(Candidates, WhatLlamaGuessesIsNoFact) {
  const Check check = judged(bare(),
                             "warning: no usable GPU found, --gpu-layers option will be ignored\n"
                             "warning: one possible reason is that llama.cpp was compiled without GPU support\n");
  ASSERT_EQ(check.errors.size(), 1U);
  EXPECT_EQ(first(check).standing, CauseStanding::undecided);
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
}

TEST(Candidates, ALogThatComplainsOfTheToolkitProvesThatSomebodyBuilds) {
  MadeStack made(candidate_knowledge());
  made.package("torch", "2.1.2", "12.1");
  made.stack().toolkits.push_back({.path = "/usr/local/cuda-10.1",
                                   .version = known_fact(std::string("10.1"), "made"),
                                   .named_by = {"/usr/local/cuda"}});
  EXPECT_TRUE(check_analysis(made.analysis()).findings.empty());
  const Check check = judged(
      made, "The detected CUDA version (10.1) mismatches the version that was used to compile\nPyTorch (12.1).\n");
  EXPECT_EQ(first(check).explained_by, "VRV-TOOLKIT-FRAMEWORK");
  EXPECT_EQ(broken_link(check), "host_toolkit");
  const Check alone =
      judged(bare(), "The detected CUDA version (10.1) mismatches the version that was used to compile\n");
  EXPECT_EQ(first(alone).standing, CauseStanding::confirmed);
}

TEST(Candidates, OfAnotherMachinesLogNoFactDecides) {
  MadeStack made = bare().gpu("Tesla V100-SXM2-16GB", "7.0").driver("550.54.15", "12.4");
  const Check check = judged(made, std::string("GPU 0: NVIDIA GeForce RTX 5090\n") + kFlashInfer);
  EXPECT_NE(first(check).standing, CauseStanding::confirmed);
}

TEST(Candidates, OtherStacksAreOutside) {
  const Check amd = judged(bare(), "RuntimeError: HIP error: invalid device function\n");
  ASSERT_TRUE(amd.log);
  EXPECT_EQ(amd.log->outside, "AMD's ROCm");
  EXPECT_TRUE(amd.findings.empty());
  EXPECT_EQ(exit_status(amd), ExitStatus::inconclusive);
  const Check both = judged(bare(), "hipErrorNoDevice\nCUDA error: no CUDA-capable device is detected\n");
  EXPECT_EQ(both.log->outside, "");
}

// What a Kubernetes node offers decides why a pod gets none.
TEST(Candidates, APodWithoutAGpuIsDecidedByTheNode) {
  const std::string log = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.\n";
  MadeStack node = bare();
  node.stack().facts["container.node_gpus"] = known_fact(std::int64_t{0}, "line 3", Standing::declared);
  const Check none = judged(node, log);
  EXPECT_EQ(first(none).standing, CauseStanding::confirmed);
  EXPECT_NE(first(none).cause.find("offers no GPU"), std::string::npos);
  node.stack().facts["container.node_gpus"] = known_fact(std::int64_t{8}, "line 3", Standing::declared);
  EXPECT_NE(first(judged(node, log)).cause.find("other pods hold them"), std::string::npos);
}

// "cuBLAS error 3" is no error 3 of CUDA, and what the first call is refused is no memory of the program's.
TEST(Candidates, NumbersOfOtherTables) {
  EXPECT_EQ(first(judged(bare(), "cuBLAS error 3 at /src/ggml-cuda.cu:5552\n")).pattern, "cublas-number");
  const std::string count = "Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before? ";
  EXPECT_EQ(first(judged(bare(), count + "Error 2: out of memory\n")).pattern, "device-count-2");
  EXPECT_EQ(first(judged(bare(), count + "Error 500: named symbol not found\n")).pattern, "device-count-500");
  EXPECT_EQ(first(judged(bare(), count + "Error 804: forward compatibility\n")).pattern, "cuda-804");
}

// JAX says that no jaxlib with CUDA is there whenever the plugin did not start.
TEST(Candidates, WhatJaxSaysAfterAPluginThatFailed) {
  const Check check =
      judged(bare(),
             "RuntimeError: Unable to load cuSPARSE. Is it installed?\n"
             "An NVIDIA GPU may be present on this machine, but a CUDA-enabled jaxlib is not installed. "
             "Falling back to cpu.\n");
  ASSERT_EQ(check.errors.size(), 2u);
  EXPECT_EQ(check.errors[0].pattern, "jax-unload");
  EXPECT_EQ(check.errors[1].follows, 1);
}

TEST(Candidates, ABuildForTheCpuConfirmsThatNoGpuIsAvailable) {
  MadeStack made = bare();
  Package torch{.name = "torch", .version = "1.7.1+cpu", .role = PackageRole::framework};
  torch.cuda = missing_fact(Missing::absent, "version", "a build without CUDA by its version");
  made.stack().environments.push_back(
      {.path = "/venv", .python = {}, .packages = {torch}, .compilers = {}, .runtimes = {}});
  const Check check = judged(made, "UserWarning: CUDA is not available\n");
  EXPECT_EQ(first(check).standing, CauseStanding::confirmed);
  EXPECT_NE(first(check).cause.find("one for the CPU"), std::string::npos);
}

// What repeats the kernel's log confirms what the log says, not what is mostly behind it.
TEST(Candidates, WhatIsWordedAsAGuessIsLikelyAtMost) {
  const auto of_event = [](const char* event, std::string_view line) {
    return judged(bare().gpu("NVIDIA A100-SXM4-80GB", "8.0").fact("kernel.log.nvidia", std::vector<std::string>{event}),
                  line);
  };
  const Check fault = of_event("Xid 31", "NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=python, MMU Fault\n");
  EXPECT_EQ(first(fault).explained_by, "VRV-DEVICE-XID-PROGRAM");
  EXPECT_EQ(first(fault).standing, CauseStanding::supported);
  EXPECT_EQ(state_of(first(fault), "mostly an address outside"), "open");
  const Check memory = of_event("Xid 48", "NVRM: Xid (PCI:0000:3b:00): 48, pid=1, name=python, DBE\n");
  EXPECT_EQ(first(memory).standing, CauseStanding::confirmed);
}

TEST(Candidates, NoRowIsConfirmedInAGuessedWord) {
  const MadeStack made = bare();
  const Analysis analysis = made.analysis();
  std::size_t hedged = 0;
  for (const ErrorPattern& row : candidate_patterns().rows) {
    for (const Cause& cause : row.candidates) {
      hedged += is_hedged(cause.cause) ? 1 : 0;
      for (const char* consequence : {"It is so.", "It is mostly so."}) {
        const Finding finding{
            .id = "VRV-X", .layer = cause.layer, .consequence = consequence, .category = cause.category};
        ExplainedError error{.pattern = row.id, .groups = {"1", "2", "3", "4", "5", "6", "7", "8", "9"}};
        judge_candidates(error, row, &finding, {analysis, {}, {}, {}, error.groups});
        for (const CauseCandidate& one : error.candidates) {
          EXPECT_FALSE(one.state == CandidateState::confirmed && is_hedged(one.cause)) << row.id << ": " << one.cause;
        }
      }
    }
  }
  EXPECT_GT(hedged, 8U);
}

TEST(Candidates, RulesAndMessagesThatConditionsNameExist) {
  const auto names_one = [](const std::string& wanted) {
    if (!wanted.ends_with('*')) return find_rule(wanted) != nullptr;
    return std::any_of(all_rules().begin(), all_rules().end(), [&](const Rule* rule) {
      return std::string(rule->id).starts_with(wanted.substr(0, wanted.size() - 1));
    });
  };
  for (const ErrorPattern& row : candidate_patterns().rows) {
    for (const std::string& id : row.follows)
      EXPECT_NE(find_pattern(candidate_patterns(), id), nullptr) << row.id << id;
    for (const Cause& cause : row.candidates) {
      for (const auto* conditions : {&cause.confirmed_by, &cause.speaks_for, &cause.ruled_out_by}) {
        for (const Condition& condition : *conditions) {
          for (const ConditionTerm& term : condition.terms) {
            if (term.kind == ConditionTerm::Kind::found) {
              EXPECT_TRUE(names_one(term.name)) << condition.text;
            }
            if (term.kind == ConditionTerm::Kind::said) {
              EXPECT_NE(find_pattern(candidate_patterns(), term.name), nullptr) << condition.text;
            }
          }
        }
      }
    }
  }
}

MadeStack with_torch(MadeStack made, const std::string& version, const std::string& cuda) {
  made.stack().environments.push_back({.kind = EnvironmentKind::folder,
                                       .path = "text",
                                       .python = missing_fact(Missing::not_asked, "text", "not said"),
                                       .packages = {{.name = "torch",
                                                     .version = version,
                                                     .role = PackageRole::framework,
                                                     .cuda = known_fact(cuda, "version"),
                                                     .requirements = {}}},
                                       .compilers = {},
                                       .runtimes = {}});
  return made;
}

// The code of a framework is known by its build; that of what else is listed is not.
TEST(Candidates, AListOfPackagesDoesNotRuleOutAKernelThatIsMissing) {
  const MadeStack made = bare().gpu("NVIDIA GeForce GTX 1080 Ti", "6.1").driver("560.35.03", "12.6");
  const Check check = judged(with_torch(made, "2.7.0+cu126", "12.6"),
                             "CUDA error: no kernel image is available for execution on the device\n");
  EXPECT_EQ(state_of(first(check), "neither machine code for this GPU"), "open");
}

TEST(Candidates, ADriverAsNewAsAllThatShowsIsNotTooOld) {
  for (const char* message : {"CUDA error: CUDA driver version is insufficient for CUDA runtime version\n",
                              "CUDA error: the provided PTX was compiled with an unsupported toolchain.\n"}) {
    const Check check = judged(with_torch(bare().driver("580.65.06", "13.0"), "2.4.0+cu121", "12.1"), message);
    EXPECT_EQ(first(check).standing, CauseStanding::undecided) << message;
    EXPECT_EQ(first(check).candidates.at(0).state, CandidateState::excluded) << message;
    EXPECT_FALSE(first(check).candidates.at(0).because.empty()) << message;
    EXPECT_EQ(exit_status(check), ExitStatus::inconclusive) << message;
  }
}

TEST(Candidates, TheReleaseOfNvccMayStandInTheLog) {
  const Check check = judged(bare(),
                             "nvcc fatal   : Unsupported gpu architecture 'compute_120'\n"
                             "Cuda compilation tools, release 12.8, V12.8.61\n");
  EXPECT_EQ(state_of(first(check), "older than 120"), "excluded");
  EXPECT_NE(first(check).cause.find("Another compiler"), std::string::npos);
}

TEST(Candidates, AKernelThatCrashesIsNoFaultOfTheGpuUnlessItSaysSo) {
  const char* message = "CUDA error: unspecified launch failure\n";
  EXPECT_EQ(exit_status(judged(bare(), message)), ExitStatus::inconclusive);
  const Check lost =
      judged(bare().gpu("NVIDIA L40S", "8.9").fact("kernel.log.nvidia", std::vector<std::string>{"Xid 79"}), message);
  EXPECT_EQ(broken_link(lost), "hardware");
}

TEST(Candidates, TheProgramPtxasIsNotTheDriver) {
  EXPECT_EQ(broken_link(judged(bare(),
                               "ptxas add.ptx, line 5; fatal   : Unsupported .version 8.4; current version is "
                               "'7.8'\n")),
            "host_toolkit");
  EXPECT_EQ(broken_link(judged(bare(),
                               "ptxas application ptx input, line 9; fatal   : Unsupported .version 8.1; "
                               "current version is '8.0'\n")),
            "user_driver");
}

}  // namespace
}  // namespace varve
