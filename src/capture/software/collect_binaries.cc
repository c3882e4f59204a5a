// Binaries beside those of environments: what a process has mapped, and files that were asked about.
#include "base/redact.h"
#include "base/text.h"
#include "capture/software/collect_software.h"
#include "capture/subject/subject_ground.h"
#include "loading/binary_collection.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::size_t kMostOfToolkit = 1024;  // libraries
}  // namespace

void collect_process_binaries(const Subject& subject, Stack& stack) {
  Fact& fact = stack.facts["process.runtimes"];
  const std::string source = subject.proc + "/maps";
  if (!subject.options.process) {
    fact = missing_fact(Missing::not_applicable, source, "the host was captured, not a process");
    return;
  }
  if (const Fact& looked = stack.facts["process.libraries"]; !looked.is_known()) {
    fact = looked;
    return;
  }
  std::vector<std::string> paths;
  for (const Library& library : subject.libraries) {
    if (is_cuda_library(library.path) && !library.deleted) paths.push_back(library.path);
  }
  const LoadingGround ground = loading_ground(subject);
  const DependencyResolver resolver(ground, "");
  BinaryCollection found = read_binaries(ground, paths, "", resolver);
  fact = runtimes_fact(found, source);
  add_binaries(ground, std::move(found), stack);
}

// The libraries of host toolkits; those of environments are read with their environment.
void collect_toolkit_binaries(const Subject& subject, Stack& stack) {
  const LoadingGround ground = loading_ground(subject);
  const DependencyResolver resolver(ground, "");
  for (const Toolkit& toolkit : stack.toolkits) {
    const std::string folder = full_path(subject, toolkit.path) + "/lib64";
    std::vector<std::string> paths;
    for (const std::string& name : subject.files.list(folder).value.value_or(std::vector<std::string>{})) {
      const bool library = name.starts_with("lib") && name.find(".so") != std::string::npos;
      if (library && paths.size() < kMostOfToolkit) paths.push_back(folder + "/" + name);
    }
    add_binaries(ground, read_binaries(ground, paths, toolkit.path, resolver), stack);
  }
}

void collect_files(const Subject& subject, Stack& stack) {
  if (subject.options.kind != SubjectKind::files) return;
  const LoadingGround ground = loading_ground(subject);
  const DependencyResolver resolver(ground, "");
  add_binaries(ground, read_binaries(ground, subject.options.files, "", resolver), stack);
}

}  // namespace varve
