#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/fact.h"

namespace varve {

// The environment variables that steer which code runs, by name: data/dispatch_settings.json lists them, nothing else
// is recorded. A variable whose name says secret is left out; a value that looks like one becomes a missing fact
// (denied). Home directories become "~" and GPU UUIDs a digest.
std::map<std::string, Fact> dispatch_settings(const std::map<std::string, std::string>& environment,
                                              std::string_view home);

// The variable that somebody is likely to have meant whose name is one letter off (more, less, another, or two turned)
// those that libraries are known to read; nothing for a known name, or one that is like none.
std::optional<std::string> misspelt_setting(std::string_view name);

// Reads the list now and not at its first use. Error: what is wrong with it.
Status load_settings();

// The variables in /proc/PID/environ's form: NAME=VALUE pieces, each ended by a NUL.
std::map<std::string, std::string> parse_environment(std::string_view block);

// What may be recorded of what a framework was told, and how it is called: data/framework_facts.json.
struct FrameworkFact {
  std::string title;   // "PyTorch: TF32 in matmul"
  std::string source;  // what the framework was asked: "torch.backends.cuda.matmul.allow_tf32"
};

// By id: "torch.matmul.tf32". Empty where the table cannot be read.
const std::map<std::string, FrameworkFact>& framework_facts();

}  // namespace varve
