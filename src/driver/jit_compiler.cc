#include "driver/jit_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/text.h"
#include "driver/probe_library.h"

namespace varve {

namespace {
// nvPTXCompileResult of nvPTXCompiler.h.
constexpr int kSuccess = 0;
constexpr int kUnsupportedPtxVersion = 7;
constexpr int kNoCompilerFunction = -1;  // ours: the library does not export the interface
constexpr std::size_t kMostLog = std::size_t{16} << 10;
constexpr std::size_t kMostTheirLog = std::size_t{16} << 20;

// The PTX ISA versions in their order: "Release Notes" of NVIDIA's PTX ISA manual up to 9.3, then what would follow.
constexpr const char* kPtxVersions[] = {"6.0", "6.1", "6.2", "6.3", "6.4", "6.5", "7.0", "7.1", "7.2",
                                        "7.3", "7.4", "7.5", "7.6", "7.7", "7.8", "8.0", "8.1", "8.2",
                                        "8.3", "8.4", "8.5", "8.6", "8.7", "8.8", "9.0", "9.1", "9.2",
                                        "9.3", "9.4", "9.5", "9.6", "9.7", "9.8", "9.9"};
constexpr int kPtxVersionCount = static_cast<int>(std::size(kPtxVersions));
// No compiler has it: the version is refused, but only after the GPU name was looked at.
constexpr const char* kImpossibleVersion = "99.9";

// --gpu-name values of ptxas: the CUDA C++ programming guide's table of compute capabilities, with the architecture-
// (a) and family-specific (f) variants of the ptxas manual.
constexpr const char* kTargets[] = {
    "sm_35",  "sm_37",   "sm_50",   "sm_52",  "sm_53",   "sm_60",   "sm_61",  "sm_62",   "sm_70",
    "sm_72",  "sm_75",   "sm_80",   "sm_86",  "sm_87",   "sm_88",   "sm_89",  "sm_90",   "sm_90a",
    "sm_100", "sm_100a", "sm_100f", "sm_101", "sm_101a", "sm_101f", "sm_103", "sm_103a", "sm_103f",
    "sm_110", "sm_110a", "sm_110f", "sm_120", "sm_120a", "sm_120f", "sm_121", "sm_121a", "sm_121f"};

double compiler_seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Compiled {
  int code = kNoCompilerFunction;
  std::string log;
  std::size_t bytes = 0;
  double seconds = 0;
};

// The interface. A handle is an opaque pointer.
struct Compiler {
  int (*version)(unsigned*, unsigned*);
  int (*create)(void**, std::size_t, const char*);
  int (*destroy)(void**);
  int (*compile)(void*, int, const char* const*);
  int (*log_size)(void*, std::size_t*);
  int (*log)(void*, char*);
  int (*program_size)(void*, std::size_t*);

  explicit Compiler(const ProbeLibrary& library)
      : version(library.function<decltype(version)>("nvPTXCompilerGetVersion")),
        create(library.function<decltype(create)>("nvPTXCompilerCreate")),
        destroy(library.function<decltype(destroy)>("nvPTXCompilerDestroy")),
        compile(library.function<decltype(compile)>("nvPTXCompilerCompile")),
        log_size(library.function<decltype(log_size)>("nvPTXCompilerGetErrorLogSize")),
        log(library.function<decltype(log)>("nvPTXCompilerGetErrorLog")),
        program_size(library.function<decltype(program_size)>("nvPTXCompilerGetCompiledProgramSize")) {}

  bool complete() const { return version && create && destroy && compile && log_size && log && program_size; }

  std::string error_log(void* handle) const {
    std::size_t size = 0;
    if (log_size(handle, &size) != kSuccess || size == 0 || size > kMostTheirLog) return {};
    std::string text(size + 1, '\0');
    if (log(handle, text.data()) != kSuccess) return {};
    return clean_utf8(trim(std::string_view(text).substr(0, text.find('\0'))), kMostLog);
  }

  // `more`: a further option, or nullptr.
  Compiled run(const std::string& ptx, const std::string& gpu_name, const char* more = nullptr) const {
    Compiled result;
    void* handle = nullptr;
    result.code = create(&handle, ptx.size(), ptx.c_str());
    if (result.code != kSuccess) return result;
    const std::string option = "--gpu-name=" + gpu_name;
    const char* options[] = {option.c_str(), more};
    const double start = compiler_seconds_now();
    result.code = compile(handle, more == nullptr ? 1 : 2, options);
    result.seconds = compiler_seconds_now() - start;
    if (result.code == kSuccess) {
      program_size(handle, &result.bytes);
    } else {
      result.log = error_log(handle);
    }
    destroy(&handle);
    return result;
  }
};

// Compilers up to CUDA 13.2 take code for sm_30 and translate it for whatever GPU is named.
std::string empty_kernel(const char* ptx_version) {
  return fmt::format(".version {}\n.target sm_30\n.address_size 64\n.visible .entry nothing()\n{{\n  ret;\n}}\n",
                     ptx_version);
}

// "… Unsupported .version 99.9; current version is '8.4'"
std::optional<std::string> version_in_log(const std::string& log) {
  constexpr std::string_view kWords = "current version is '";
  const std::size_t at = log.find(kWords);
  if (at == std::string::npos) return std::nullopt;
  const std::string_view rest = std::string_view(log).substr(at + kWords.size());
  const std::size_t end = rest.find('\'');
  if (end == std::string_view::npos || end > 8) return std::nullopt;
  return std::string(rest.substr(0, end));
}

// Whether the compiler knows a GPU by name, asked in one of two ways. The quick one gives it a second option that is
// wrong: it complains about the GPU or, when it knows that one, about the option, and never begins to work (0.1 ms,
// against up to 80 ms). It serves only where the compiler looks at the GPU's name first, which a name that no GPU has
// tells.
class KnownGpus {
 public:
  explicit KnownGpus(const Compiler& compiler)
      : compiler_(compiler), impossible_(empty_kernel(kImpossibleVersion)), quick_(ask_quickly("sm_1") == false) {}

  bool knows(const std::string& gpu) const {
    if (const std::optional<bool> answer = quick_ ? ask_quickly(gpu) : std::nullopt) return *answer;
    return compiler_.run(impossible_, gpu).code == kUnsupportedPtxVersion;
  }

 private:
  std::optional<bool> ask_quickly(const std::string& gpu) const {
    const Compiled compiled = compiler_.run(impossible_, gpu, "--maxrregcount=wrong");
    if (compiled.log.find("'" + gpu + "' is not defined") != std::string::npos) return false;
    if (compiled.log.find("maxrregcount") != std::string::npos) return true;
    return std::nullopt;
  }

  const Compiler& compiler_;
  std::string impossible_;
  bool quick_;
};

// The index of the newest version that is accepted, -1 for none. Every step is a compilation; what the compiler named
// only says where to begin, so that two are enough when it told the truth.
int newest_accepted(const Compiler& compiler, const std::string& gpu, const std::optional<std::string>& named) {
  const auto accepts = [&](int index) { return compiler.run(empty_kernel(kPtxVersions[index]), gpu).code == kSuccess; };
  int accepted = -1, refused = kPtxVersionCount;
  if (named) {
    const auto hint = std::find(std::begin(kPtxVersions), std::end(kPtxVersions), *named) - std::begin(kPtxVersions);
    if (hint < kPtxVersionCount) {
      const int at = static_cast<int>(hint);
      accepts(at) ? accepted = at : refused = at;
      if (accepted == at && at + 1 < kPtxVersionCount) accepts(at + 1) ? accepted = at + 1 : refused = at + 1;
    }
  }
  while (refused - accepted > 1) {
    const int middle = (accepted + refused) / 2;
    accepts(middle) ? accepted = middle : refused = middle;
  }
  return accepted;
}

void ask(const std::string& name, ProbeReport& report) {
  const ProbeLibrary library = ProbeLibrary::open(name);
  if (!library) return report.add("open", library.problem());
  const Compiler compiler(library);
  if (!compiler.complete()) return report.add("open", "it does not export the PTX Compiler API");
  unsigned major = 0, minor = 0;
  if (compiler.version(&major, &minor) == kSuccess) report.add("version", fmt::format("{}.{}", major, minor));
  const KnownGpus gpus(compiler);
  std::string first_gpu;
  for (const char* target : kTargets) {
    if (!gpus.knows(target)) continue;
    report.add("target", target);
    if (first_gpu.empty()) first_gpu = target;
  }
  report.add("targets", "all asked");
  if (first_gpu.empty()) return;
  const auto named = version_in_log(compiler.run(empty_kernel(kImpossibleVersion), first_gpu).log);
  if (named) report.add("named", *named);
  const int newest = newest_accepted(compiler, first_gpu, named);
  report.add("newest", newest < 0 ? "" : kPtxVersions[newest]);
}

Fact targets_fact(const ProbeOutcome& outcome, const std::string& source, const Fact& unanswered) {
  if (outcome.find("targets") == nullptr) return unanswered;
  std::vector<std::string> targets;
  for (const ProbeAnswer& answer : outcome.answers) {
    if (answer.key == "target") targets.push_back(clean_utf8(answer.value, 32));
  }
  if (targets.empty())
    return missing_fact(Missing::unsupported, source, "it knows none of the GPUs that were asked for");
  return known_fact(std::move(targets), source);
}

Fact newest_fact(const ProbeOutcome& outcome, const std::string& source, const Fact& unanswered) {
  const std::string* newest = outcome.find("newest");
  if (newest == nullptr) return unanswered;
  if (newest->empty()) {
    return missing_fact(Missing::unsupported, source, fmt::format("it refuses even PTX {}", kPtxVersions[0]));
  }
  Fact fact = known_fact(clean_utf8(*newest, 16), source);
  if (*newest == kPtxVersions[kPtxVersionCount - 1]) fact.detail = "or newer: the newest version that was tried";
  return fact;
}
}  // namespace

JitCompilerAnswer ask_jit_compiler(const std::string& library, const ProbeLimits& limits) {
  JitCompilerAnswer answer;
  answer.library = library;
  const auto outcome = run_probe(limits, [&](ProbeReport& report) { ask(library, report); });
  Missing reason = Missing::unreadable;
  if (!outcome) {
    answer.problem = to_text(outcome.error());
  } else if (const std::string* open = outcome->find("open")) {
    answer.problem = clean_utf8(*open, 512);
    if (open->find("No such file") != std::string::npos) reason = Missing::absent;
  } else if (outcome->end != ProbeEnd::finished) {
    answer.problem = outcome->end_text();
    if (outcome->end == ProbeEnd::timed_out) reason = Missing::timeout;
  }
  const std::string version_source = library + ": nvPTXCompilerGetVersion";
  const std::string compile_source = library + ": nvPTXCompilerCompile";
  const Fact unanswered = missing_fact(reason, compile_source, answer.problem);
  answer.version = missing_fact(reason, version_source, answer.problem);
  answer.newest_ptx = answer.targets = unanswered;
  if (!outcome) return answer;
  answer.seconds = outcome->seconds;
  if (const std::string* version = outcome->find("version")) {
    answer.version = known_fact(clean_utf8(*version, 32), version_source);
  }
  if (const std::string* named = outcome->find("named")) answer.named = clean_utf8(*named, 16);
  answer.targets = targets_fact(*outcome, compile_source, unanswered);
  answer.newest_ptx = newest_fact(*outcome, compile_source, unanswered);
  return answer;
}

Result<PtxCompilation> compile_ptx(const std::string& library, const std::string& ptx, const std::string& gpu_name,
                                   const ProbeLimits& limits) {
  const auto outcome = run_probe(limits, [&](ProbeReport& report) {
    const ProbeLibrary opened = ProbeLibrary::open(library);
    if (!opened) return report.add("open", opened.problem());
    const Compiler compiler(opened);
    if (!compiler.complete()) return report.add("open", "it does not export the PTX Compiler API");
    const Compiled compiled = compiler.run(ptx, gpu_name);
    report.add("code", std::to_string(compiled.code));
    report.add("log", compiled.log);
    report.add("bytes", std::to_string(compiled.bytes));
    report.add("seconds", fmt::format("{:.9f}", compiled.seconds));
  });
  const std::string doing = "compiling PTX for " + gpu_name;
  if (!outcome) return outcome.error();
  if (const std::string* open = outcome->find("open")) {
    return Error{doing, library, clean_utf8(*open, 512), "give the libnvidia-ptxjitcompiler.so of the driver"};
  }
  const std::string* code = outcome->find("code");
  const std::string* bytes = outcome->find("bytes");
  const std::string* seconds = outcome->find("seconds");
  if (code == nullptr || bytes == nullptr || seconds == nullptr) {
    return Error{doing, library, outcome->end_text(), "report it to the maker of the driver, or raise the time limit"};
  }
  PtxCompilation result;
  result.code = parse_integer(*code).value_or(kNoCompilerFunction);
  result.ok = result.code == kSuccess;
  result.log = clean_utf8(*outcome->find("log"), kMostLog);
  result.program_bytes = parse_integer(*bytes).value_or(0);
  result.seconds = parse_number(*seconds).value_or(0);
  return result;
}

}  // namespace varve
