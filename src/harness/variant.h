#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/benchmark.h"
#include "harness/unit/redacted_line.h"

namespace varve {

// The server of a side, ready to be started.
struct PreparedServer {
  std::string program;
  std::vector<std::string> command;
  bool each_block = false;
  ReadyRule ready;
};

// A side of the benchmark, ready to be executed, and what the document says about it.
struct PreparedVariant {
  std::string program;  // path of the executable
  std::vector<std::string> command;
  std::map<std::string, std::string> variables;  // of every unit
  std::vector<std::string> environment;          // the same as "NAME=VALUE", sorted
  std::string directory;                         // absolute; empty: where Varve stands
  std::optional<PreparedServer> server;
  Variant document;  // redacted
};

// Finds the program as execvp(3) does, in the PATH that is in force for this side; a name with a slash from the side's
// directory on. Error when there is no command or no
// such program; it says where Varve looked.
Result<PreparedVariant> prepare_variant(const VariantPlan& plan, const std::string& name, const World& world);

// What the plan sets for one variant may stand in Varve's own environment and so reach the others: into the settings of
// each variant come those variables that any of them sets and that it inherits, a secret as one that is not recorded.
void record_inherited(std::vector<PreparedVariant>& variants, const World& world);

// Variables as a program is given them: "NAME=VALUE", sorted.
std::vector<std::string> settings_list(const std::map<std::string, std::string>& variables);

// The regular files that arguments name, the program aside: "train.py", "--config=a.yaml" (what stands behind the
// first "="). `shown` are the same arguments redacted; one that redaction changed beyond its home directory is left
// out. They are looked for from `directory` on ("": where Varve stands). Files of up to 256 MiB are hashed, 64 of them
// at most.
std::vector<NamedFile> named_files(const std::vector<std::string>& command, const std::vector<std::string>& shown,
                                   const std::string& directory = "");

}  // namespace varve
