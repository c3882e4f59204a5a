#include "driver/handshake/handshake.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "driver/handshake/handshake_steps.h"
#include "world/child_probe.h"

namespace varve {

namespace {
// A fresh directory for ptxas, removed at the end.
class Folder {
 public:
  explicit Folder(bool wanted) {
    std::error_code error;
    const std::filesystem::path temporary = std::filesystem::temp_directory_path(error);
    if (!wanted || error) return;
    std::string pattern = (temporary / "varve-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class Function>
std::vector<HandshakeStep> steps_in_child(const HandshakePlan& plan, const std::string& subject, Function function) {
  const ProbeLimits limits{.seconds = plan.seconds, .leave_machine_alone = plan.leave_machine_alone};
  const auto outcome = run_probe(limits, [&](ProbeReport& report) {
    StepWriter writer(report);
    function(writer);
  });
  if (outcome) {
    std::vector<HandshakeStep> steps = read_steps(*outcome, subject);
    if (outcome->end != ProbeEnd::finished && (steps.empty() || steps.back().state != StepState::failed)) {
      steps.push_back({"end", subject, StepState::failed, {}, outcome->end_text(), 0});
    }
    return steps;
  }
  return {{"start a child process", subject, StepState::failed, {}, to_text(outcome.error()), 0}};
}

// Why it makes no sense to try the GPU again through an environment; empty: it does. A driver that hangs would hang
// there too; one that answers with an error is asked again, for the error that a framework will see.
std::string no_device_reason(const std::vector<HandshakeStep>& steps) {
  for (const HandshakeStep& step : steps) {
    const bool silent = step.state == StepState::failed && step.detail.starts_with("it did not answer");
    if (silent) return "the driver did not answer in the step before (" + step.step + ")";
  }
  return {};
}
}  // namespace

std::vector<HandshakeStep> shake_hands(const HandshakePlan& plan) {
  const Folder folder(!plan.ptxas.empty());
  std::vector<HandshakeStep> steps = steps_in_child(
      plan, {}, [&](StepWriter& writer) { shake_hands_with_driver(plan.libcuda, plan.ptxas, folder.path(), writer); });
  const std::string no_device = no_device_reason(steps);
  for (const EnvironmentLibraries& environment : plan.environments) {
    const auto more = steps_in_child(plan, environment.name, [&](StepWriter& writer) {
      shake_hands_with_environment(environment, plan.libcuda, no_device, writer);
    });
    steps.insert(steps.end(), more.begin(), more.end());
  }
  return steps;
}

}  // namespace varve
