#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/trace/json_stream.h"
#include "kernels/trace/trace.h"

namespace varve {

struct RocprofSymbol {
  std::string name;
  std::int64_t code_object = -1;
  std::uint32_t registers = 0;
  NameId id = kNoName;  // once it ran
  Activity activity = Activity::kernel;
  bool is_told = false;
};

struct RocprofAgent {
  std::int32_t device = -1;  // number among the GPUs; -1: a CPU
  std::string model, architecture;
  std::int64_t memory = 0, units = 0;
};

// A number that may be none as a size: 0 for what is none.
std::uint32_t rocprof_size(std::int64_t number);

// What a process in the JSON of rocprofv3 lists before its records (rocprof_json.cc): itself, its agents, and the names
// of what ran. Each `take_` reads a part whose bracket has just begun; false: damaged before its end.
class RocprofProcess {
 public:
  RocprofProcess(JsonStream& stream, TraceSink& sink) : stream_(stream), sink_(sink) {}

  bool take_metadata();
  bool take_agents();
  bool take_strings();
  bool take_code_objects();
  bool take_symbols();
  // The next process lists its own.
  void forget();

  std::int32_t device_of_agent(std::int64_t handle) const;  // -1: a CPU, or not listed
  // By the tables of names; else by its number.
  std::string operation_name(std::int64_t kind, std::int64_t operation, const std::string& part) const;

  std::unordered_map<std::int64_t, RocprofSymbol> symbols;           // by kernel_id
  std::unordered_map<std::int64_t, std::string> libraries, markers;  // by code_object_id; by correlation

 private:
  void tell(std::string_view fact, const std::string& value, std::string_view field);
  bool take_kind();
  bool may_keep(std::string_view text);

  JsonStream& stream_;
  TraceSink& sink_;
  std::unordered_map<std::int64_t, RocprofAgent> agents_;
  std::vector<std::vector<std::string>> kinds_;  // names of operations, by kind
  std::size_t kept_ = 0;
};

}  // namespace varve
