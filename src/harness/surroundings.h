#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/plan.h"
#include "harness/unit/executor.h"
#include "harness/variant.h"

namespace varve {

// What stands around a unit and is not measured: the commands before and after it, and the server it is a client of.
class Surroundings {
 public:
  // All is lent.
  Surroundings(const RunPlan& plan, const std::vector<PreparedVariant>& variants, Executor& executor,
               RunObserver& observer, std::string home);
  ~Surroundings() { end(); }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  // Gets everything ready for unit number `index` of the run, whose environment this is. A finding where that fails.
  std::optional<Finding> before(const PlannedUnit& planned, int index, const std::vector<std::string>& environment);
  // Once it has ended: stops its server, unless it is to serve more of its block, and cleans up. `server_ended`: it has
  // ended by itself, and the next unit gets another.
  std::optional<Finding> after(const PlannedUnit& planned, int index, const std::vector<std::string>& environment,
                               bool server_ended = false);
  // Stops all that still runs.
  void end();

  // The key of the server that units of this side are clients of: the first side whose server is the same, by command,
  // environment and directory. Such sides share it.
  std::optional<int> server(int side) const;

 private:
  std::optional<Finding> run_shell(const std::string& line, const char* what, const PlannedUnit& planned, int index,
                                   const std::vector<std::string>& environment);
  std::optional<Finding> start_server(const PlannedUnit& planned, const std::vector<std::string>& environment);

  const RunPlan& plan_;
  const std::vector<PreparedVariant>& variants_;
  Executor& executor_;
  RunObserver& observer_;
  std::string home_;
  int block_ = -1;         // whose servers run
  std::set<int> running_;  // keys of servers that run
};

}  // namespace varve
