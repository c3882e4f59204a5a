#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tables/table.h"

namespace varve {

// What a known fault or change does, the worst first.
enum class IssueEffect { wrong_result, crash, hang, refuses, unsupported, slower, memory, numerics, faster };
std::string_view to_string(IssueEffect effect);  // "wrong-result"
bool is_harm(IssueEffect effect);                // a fault or a loss of speed, not merely a change

// How well the range of releases is known, the best first.
enum class IssueBounds {
  stated,      // the source gives the ends; without an end: it still holds
  single,      // reported for that release only
  open_start,  // only the release that mends it is known: older ones match without proof
  inferred,    // an end was concluded
};

// data/known_issues.json: a known fault or change of a release, and the conditions under which it shows. What a row
// leaves out does not matter to it.
struct KnownIssue {
  std::string id;                       // stable: "cublas-splitk-uneven"
  std::vector<std::string> components;  // names it is seen under; the first is its name
  std::string version;                  // a range as is_within takes it
  struct With {
    std::string component, version;
  };
  std::vector<With> with;             // other components of the same environment
  std::string gpu;                    // a range of compute capabilities
  std::string gpu_model;              // a part of its name, where the capability does not tell: "GTX 16"
  std::string gpus;                   // a range of how many there are
  std::string driver;                 // a range of the kernel driver
  std::string libc;                   // a range of glibc
  bool toolkit_above_driver = false;  // the toolkit is of a newer CUDA than the driver offers
  std::vector<std::string> cpu;       // "amd", "arm", "x86", or a feature as cpu.isa writes it: all must hold
  std::vector<std::string> platform;  // "container", "jetson", "mig", "nodes", "proprietary-module": all must hold
  std::vector<std::string> adapters;  // of RDMA: "rdma" (any), "roce", "several", "one-a-gpu": all must hold
  std::vector<std::string> settings;  // "NAME", "NAME=VALUE", "NAME|OTHER": all must hold
  std::vector<std::string> modules;   // kernel modules that are loaded; "!name": not loaded
  std::string kernel_log;             // words of an event that kernel.log.nvidia holds
  std::string workload;               // what no fact of a stack tells; empty: the facts are all of it
  std::string asks;                   // the feature that the workload is, where a text quotes what asks for it: "fp8"
  bool on_cpu = false;                // it shows without a GPU too
  IssueEffect effect = IssueEffect::slower;
  std::string says, magnitude, symptom, fix;
  IssueBounds bounds = IssueBounds::stated;
  bool report = false;  // one person saw it, nobody confirmed it
  std::string told_by;  // the rule or the dispatch change that says the same by other facts; then it is not matched
  std::string source;
};

// Reads one row; what is wrong is kept by the row (TableRow).
KnownIssue known_issue_of(const TableRow& row);

}  // namespace varve
