#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/conditions/fixed_products.h"
#include "model/run_record.h"

namespace varve {

// When fixed pieces of work are done between units, and on what: of the CPUs and the memory, and a matrix product on
// each GPU on which a unit was seen to compute, as far as a side sees it. A GPU is left alone for the rest of the run
// once it, or the driver, refused.
class Canaries {
 public:
  // What takes them, and hears a line for a person.
  struct Ways {
    std::function<std::optional<Canary>()> machine;
    std::function<GpuProducts(const GpuProductsRequest&)> gpus;
    std::function<void(const std::string&)> say;
  };

  Canaries(Run& run, Ways ways) : run_(run), ways_(std::move(ways)) {}

  // A side of the run: the environment of its programs, and whether they are clients of a server.
  void add_side(const std::map<std::string, std::string>& variables, bool has_server);

  // At the beginning of a block or the end of the run; `now`: the end of the last unit, in seconds since the run began.
  void take(double now);

 private:
  void take_gpus(double now, Canary& canary);
  std::vector<std::string> gpus_to_ask() const;
  void refuse(const std::string& reason);

  Run& run_;
  Ways ways_;
  std::vector<std::vector<std::string>> views_;
  bool has_server_ = false;
  bool refused_ = false;  // by the driver as a whole
  std::set<std::string> refused_gpus_, wrong_gpus_;
  double next_gpu_ = 0;  // not before, in seconds since the run began
};

}  // namespace varve
