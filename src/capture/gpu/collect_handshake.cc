// Whether a kernel runs, and who on this host holds a driver or runtime.
#include <fmt/format.h>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "driver/gpu_processes.h"
#include "driver/handshake/handshake.h"

namespace varve {

namespace {
EnvironmentLibraries libraries_of(const Subject& subject, const Stack& stack, const std::string& environment) {
  EnvironmentLibraries libraries{.name = environment, .cudart = {}, .cublas = {}, .cudnn = {}};
  for (const Binary& binary : stack.binaries) {
    if (binary.environment != environment) continue;
    const std::string path = full_path(subject, binary.path);
    if (binary.soname.starts_with("libcudart.so")) libraries.cudart = path;
    if (binary.soname.starts_with("libcublas.so")) libraries.cublas = path;
    if (binary.soname.starts_with("libcudnn.so")) libraries.cudnn = path;
  }
  return libraries;
}

HandshakePlan plan_for(const Subject& subject, const Stack& stack) {
  HandshakePlan plan;
  for (const Environment& environment : stack.environments) {
    EnvironmentLibraries libraries = libraries_of(subject, stack, environment.path);
    const bool any = !libraries.cudart.empty() || !libraries.cublas.empty() || !libraries.cudnn.empty();
    if (any) plan.environments.push_back(std::move(libraries));
    for (const CarriedCompiler& compiler : environment.compilers) {
      if (compiler.name == GpuCompiler::ptxas && plan.ptxas.empty()) plan.ptxas = full_path(subject, compiler.path);
    }
  }
  return plan;
}

Fact result_fact(const std::vector<HandshakeStep>& steps) {
  const std::string source = "handshake";
  std::vector<std::string> failed;
  for (const HandshakeStep& step : steps) {
    if (step.state != StepState::failed) continue;
    const std::string subject = step.subject.empty() ? "" : " of " + step.subject;
    const std::string code = step.code ? fmt::format(" ({})", *step.code) : "";
    failed.push_back(step.step + subject + code);
  }
  return known_fact(failed.empty() ? "passed" : "failed: " + join(failed, ", "), source);
}
}  // namespace

void collect_handshake(const Subject& subject, Stack& stack) {
  Fact& fact = stack.facts["handshake.result"];
  const bool own = subject.world.is_this_machine &&
                   (subject.options.kind == SubjectKind::host || subject.options.kind == SubjectKind::environment);
  const auto count = stack.facts.find("gpu.count");
  const bool seen = count != stack.facts.end() && count->second.is_known();
  if (!own) {
    fact = missing_fact(Missing::not_applicable, "handshake", "only this machine can be tried");
  } else if (!subject.options.handshake.value_or(seen)) {
    fact = has_no_gpu(stack.facts) ? missing_fact(Missing::not_applicable, "handshake", "no GPU")
                                   : missing_fact(Missing::not_asked, "handshake", "add --handshake");
  } else {
    stack.handshake = shake_hands(plan_for(subject, stack));
    fact = result_fact(stack.handshake);
  }
}

void collect_gpu_processes(const Subject& subject, Stack& stack) {
  Fact& fact = stack.facts["processes.with_cuda"];
  const std::string source = "/proc/*/maps";
  if (subject.options.kind != SubjectKind::host) {
    fact = missing_fact(Missing::not_applicable, source, "the processes of the host only");
    return;
  }
  if (!subject.options.processes) {
    fact = missing_fact(Missing::not_asked, source, "add --processes");
    return;
  }
  GpuProcessList list = gpu_processes(subject.world);
  fact = known_fact(static_cast<std::int64_t>(list.processes.size()), source);
  fact.detail = join(list.problems, "; ");
  stack.processes = std::move(list.processes);
}

}  // namespace varve
