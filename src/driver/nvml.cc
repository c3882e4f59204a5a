#include "driver/nvml.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "driver/nvml_library.h"

namespace varve {

namespace {
constexpr unsigned kMostGpus = 1024;

// An answer of the child: "=700 W", or "!3" with the code that came instead.
std::string encode(const NvmlReading& reading) {
  return reading.code == kNvmlSuccess ? "=" + reading.text : fmt::format("!{}", reading.code);
}

void ask_gpu(const ProbeLibrary& library, unsigned index, ProbeReport& report) {
  const std::string prefix = fmt::format("{}/", index);
  NvmlDevice device = nullptr;
  if (const int code = nvml_gpu(library, index, device); code != kNvmlSuccess) {
    report.add(prefix + "handle", fmt::format("!{}", code));
    return;
  }
  report.add(prefix + "address", encode(nvml_pci_address(library, device)));
  for (const NvmlQuestion& question : nvml_gpu_questions()) {
    report.add(prefix + question.fact, encode(question.ask(library, device)));
  }
}

void ask_all(const std::string& name, ProbeReport& report) {
  const ProbeLibrary library = ProbeLibrary::open(name);
  if (!library) {
    report.add("open", library.problem());
    return;
  }
  // This one answers without a driver.
  report.add("nvml", encode(nvml_own_version(library)));
  const int init = nvml_init(library);
  report.add("init", std::to_string(init));
  if (init != kNvmlSuccess) return;
  report.add("driver", encode(nvml_driver_version(library)));
  report.add("cuda", encode(nvml_cuda_version(library)));
  report.add("branch", encode(nvml_driver_branch(library)));
  const NvmlReading count = nvml_gpu_count(library);
  report.add("count", encode(count));
  const auto gpus = static_cast<unsigned>(parse_integer(count.text).value_or(0));
  for (unsigned index = 0; index < std::min(gpus, kMostGpus); ++index) ask_gpu(library, index, report);
}

Missing missing_for(std::int64_t code) {
  switch (code) {
    case kNvmlNotSupported:
      return Missing::not_applicable;
    case kNvmlFunctionNotFound:
      return Missing::unsupported;
    case kNvmlNoPermission:
      return Missing::denied;
    case kNvmlTimeout:
      return Missing::timeout;
    default:
      return Missing::unreadable;
  }
}

Fact missing_code(std::int64_t code, const std::string& source) {
  std::string detail = nvml_return_name(code);
  if (code == kNvmlFunctionNotFound) detail = "not supported by this driver: its libnvidia-ml has no such function";
  return missing_fact(missing_for(code), source, detail);
}

// What is missing because the child did not come so far.
struct Unanswered {
  Missing reason = Missing::unreadable;
  std::string detail;
};

Fact decode(const std::string* answer, const std::string& function, const Unanswered& unanswered) {
  const std::string source = "NVML: " + function;
  if (answer == nullptr || answer->empty()) return missing_fact(unanswered.reason, source, unanswered.detail);
  if (answer->front() == '=') return known_fact(clean_utf8(answer->substr(1), 256), source);
  return missing_code(parse_integer(answer->substr(1)).value_or(-1), source);
}

NvmlGpu read_gpu(const ProbeOutcome& outcome, std::int64_t index, const Unanswered& unanswered) {
  const std::string prefix = fmt::format("{}/", index);
  const std::string* no_handle = outcome.find(prefix + "handle");
  NvmlGpu gpu;
  if (const std::string* address = outcome.find(prefix + "address"); address && address->starts_with('=')) {
    gpu.pci_address = address->substr(1);
  }
  for (const NvmlQuestion& question : nvml_gpu_questions()) {
    const std::string* answer = no_handle != nullptr ? no_handle : outcome.find(prefix + question.fact);
    gpu.facts[question.fact] = decode(answer, question.function, unanswered);
  }
  return gpu;
}

// Why there is no more than what was answered; empty when everything was.
std::string problem_of(const ProbeOutcome& outcome, const NvmlAnswer& answer) {
  if (const std::string* open = outcome.find("open")) return *open;
  if (outcome.end != ProbeEnd::finished) return answer.library + ": " + outcome.end_text();
  if (answer.init_code.value_or(kNvmlSuccess) != kNvmlSuccess) return "nvmlInit failed: " + answer.init_name;
  return {};
}

void read_answers(const ProbeOutcome& outcome, NvmlAnswer& answer) {
  if (const std::string* init = outcome.find("init")) {
    answer.init_code = parse_integer(*init);
    answer.init_name = nvml_return_name(answer.init_code.value_or(-1));
  }
  answer.problem = problem_of(outcome, answer);
  const Unanswered unanswered{outcome.end == ProbeEnd::timed_out ? Missing::timeout : Missing::unreadable,
                              answer.problem};
  answer.nvml_version = decode(outcome.find("nvml"), "nvmlSystemGetNVMLVersion", unanswered);
  answer.driver_version = decode(outcome.find("driver"), "nvmlSystemGetDriverVersion", unanswered);
  answer.cuda_version = decode(outcome.find("cuda"), "nvmlSystemGetCudaDriverVersion_v2", unanswered);
  answer.driver_branch = decode(outcome.find("branch"), "nvmlSystemGetDriverBranch", unanswered);
  answer.gpu_count = decode(outcome.find("count"), "nvmlDeviceGetCount_v2", unanswered);
  if (!answer.gpu_count.is_known()) return;
  const std::int64_t gpus = parse_integer(std::get<std::string>(*answer.gpu_count.value)).value_or(0);
  answer.gpu_count.value = gpus;
  for (std::int64_t index = 0; index < std::min<std::int64_t>(gpus, kMostGpus); ++index) {
    answer.gpus.push_back(read_gpu(outcome, index, unanswered));
  }
  // NVML promises no order; addresses do not move. A GPU without one comes last.
  std::stable_sort(answer.gpus.begin(), answer.gpus.end(), [](const NvmlGpu& a, const NvmlGpu& b) {
    if (a.pci_address.empty() != b.pci_address.empty()) return b.pci_address.empty();
    return a.pci_address < b.pci_address;
  });
}

// One value of all GPUs.
Fact list_fact(const std::vector<NvmlGpu>& gpus, const std::string& id) {
  std::vector<std::string> values;
  std::size_t have_it = 0;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const Fact& fact = gpus[i].facts.at(id);
    if (fact.is_known()) {
      values.push_back(std::get<std::string>(*fact.value));
      ++have_it;
    } else if (fact.missing == Missing::not_applicable) {
      values.emplace_back("not available");
    } else {
      return missing_fact(fact.missing, fact.source,
                          gpus.size() == 1 ? fact.detail : fmt::format("GPU {}: {}", i, fact.detail));
    }
  }
  const std::string& source = gpus.front().facts.at(id).source;
  if (have_it == 0) return missing_fact(Missing::not_applicable, source, "no GPU here has it");
  return known_fact(std::move(values), source);
}
}  // namespace

NvmlAnswer ask_nvml(const std::string& library, const ProbeLimits& limits) {
  NvmlAnswer answer;
  answer.library = library;
  const Result<ProbeOutcome> outcome = run_probe(limits, [&](ProbeReport& report) { ask_all(library, report); });
  if (!outcome) {
    ProbeOutcome nothing;
    nothing.end = ProbeEnd::exited;
    read_answers(nothing, answer);
    answer.problem = to_text(outcome.error());
    return answer;
  }
  read_answers(*outcome, answer);
  answer.seconds = outcome->seconds;
  return answer;
}

std::map<std::string, Fact> nvml_facts(const NvmlAnswer& answer) {
  std::map<std::string, Fact> facts;
  facts["gpu.count"] = answer.gpu_count;
  for (const NvmlQuestion& question : nvml_gpu_questions()) {
    Fact& fact = facts[question.fact];
    const std::string source = std::string("NVML: ") + question.function;
    if (!answer.gpus.empty()) {
      fact = list_fact(answer.gpus, question.fact);
    } else if (answer.gpu_count.is_known()) {
      fact = missing_fact(Missing::not_applicable, source, "no GPU");
    } else {
      fact = missing_fact(answer.gpu_count.missing, source, answer.gpu_count.detail);
    }
  }
  return facts;
}

}  // namespace varve
