#include "harness/surroundings.h"

#include <fmt/format.h>

#include "harness/run_findings.h"

namespace varve {

Surroundings::Surroundings(const RunPlan& plan, const std::vector<PreparedVariant>& variants, Executor& executor,
                           RunObserver& observer, std::string home)
    : plan_(plan), variants_(variants), executor_(executor), observer_(observer), home_(std::move(home)) {}

namespace {
bool is_one_server(const PreparedVariant& a, const PreparedVariant& b) {
  return a.server && b.server && a.server->program == b.server->program && a.server->command == b.server->command &&
         a.server->each_block == b.server->each_block && to_string(a.server->ready) == to_string(b.server->ready) &&
         a.environment == b.environment && a.directory == b.directory;
}
}  // namespace

std::optional<int> Surroundings::server(int side) const {
  const PreparedVariant& variant = variants_[static_cast<std::size_t>(side)];
  if (!variant.server) return std::nullopt;
  int key = 0;
  while (!is_one_server(variants_[static_cast<std::size_t>(key)], variant)) ++key;  // at the latest itself
  return key;
}

std::optional<Finding> Surroundings::before(const PlannedUnit& planned, int index,
                                            const std::vector<std::string>& environment) {
  if (planned.block < 0 || planned.block != block_) end();
  block_ = planned.block;
  if (auto failed = run_shell(plan_.rules.prepare, "--prepare", planned, index, environment)) return failed;
  return start_server(planned, environment);
}

std::optional<Finding> Surroundings::after(const PlannedUnit& planned, int index,
                                           const std::vector<std::string>& environment, bool server_ended) {
  const std::optional<PreparedServer>& described = variants_[static_cast<std::size_t>(planned.side)].server;
  if (described && (!described->each_block || planned.block < 0 || server_ended)) {
    executor_.stop_server(*server(planned.side));
    running_.erase(*server(planned.side));
  }
  return run_shell(plan_.rules.cleanup, "--cleanup", planned, index, environment);
}

void Surroundings::end() {
  for (const int key : running_) executor_.stop_server(key);
  running_.clear();
}

std::optional<Finding> Surroundings::run_shell(const std::string& line, const char* what, const PlannedUnit& planned,
                                               int index, const std::vector<std::string>& environment) {
  if (line.empty()) return std::nullopt;
  const std::vector<std::string> command{"sh", "-c", line};
  std::vector<std::string> variables = environment;
  variables.push_back("VARVE_VARIANT=" + variant_name(planned.side));
  variables.push_back(fmt::format("VARVE_UNIT={}", index));
  UnitRequest request;
  request.program = "/bin/sh";
  request.command = &command;
  request.environment = &variables;
  request.directory = variants_[static_cast<std::size_t>(planned.side)].directory;
  request.timeout_seconds = plan_.timeout_seconds;
  request.output = [this](std::string_view bytes) { observer_.output(bytes); };
  const UnitOutcome outcome = executor_.execute_aside(request);
  if (outcome.not_started.empty() && outcome.end.ok()) return std::nullopt;
  return aside_finding(fmt::format("{} of unit {} ({})", what, index, variant_name(planned.side)), outcome,
                       plan_.timeout_seconds, home_);
}

std::optional<Finding> Surroundings::start_server(const PlannedUnit& planned,
                                                  const std::vector<std::string>& environment) {
  const PreparedVariant& variant = variants_[static_cast<std::size_t>(planned.side)];
  if (!variant.server || running_.contains(*server(planned.side))) return std::nullopt;
  ServerRequest request;
  request.program = variant.server->program;
  request.command = &variant.server->command;
  request.environment = &environment;
  request.directory = variant.directory;
  request.ready = variant.server->ready;
  const Status started = executor_.start_server(*server(planned.side), request);
  if (!started) return server_finding("the server of " + variant.document.name, to_text(started.error()), home_);
  running_.insert(*server(planned.side));
  return std::nullopt;
}

}  // namespace varve
