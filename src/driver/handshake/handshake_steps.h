#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/handshake_record.h"
#include "world/child_probe.h"

namespace varve {

// The steps of a handshake on their way from the child to the parent. A step is announced before it is taken, so that
// the parent knows in which one the child crashed or hung.

// In the child.
class StepWriter {
 public:
  explicit StepWriter(ProbeReport& report) : report_(report) {}

  void begin(const std::string& step, const std::string& subject = {});
  void pass(const std::string& detail = {});
  void fail(std::optional<long long> code, const std::string& detail);
  void skip(std::optional<long long> code, const std::string& detail);

 private:
  void end(StepState state, std::optional<long long> code, const std::string& detail);
  ProbeReport& report_;
  double began_at_ = 0;
};

// In the parent: the steps that were reported; the last one, if it was begun and not ended, failed the way the child
// ended. `subject` is given to steps without one.
std::vector<HandshakeStep> read_steps(const ProbeOutcome& outcome, const std::string& subject = {});

// The children. Both run in the child of a probe.

// `folder`: where ptxas may write; empty when there is none.
void shake_hands_with_driver(const std::string& libcuda, const std::string& ptxas, const std::string& folder,
                             StepWriter& steps);

// The kernel that is run, as PTX.
std::string handshake_ptx();

struct EnvironmentLibraries;
// `no_device`: why nothing that needs a GPU is tried; empty: it is tried.
void shake_hands_with_environment(const EnvironmentLibraries& libraries, const std::string& libcuda,
                                  const std::string& no_device, StepWriter& steps);

}  // namespace varve
