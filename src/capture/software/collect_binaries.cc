// Binaries beside those of environments: what a process has mapped, and files that were asked about.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/dotted_version.h"
#include "base/library_file_name.h"
#include "base/text.h"
#include "capture/software/collect_software.h"
#include "capture/subject/loaded_libraries.h"
#include "capture/subject/subject_ground.h"
#include "loading/binary_collection.h"
#include "tables/libraries.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostOfToolkit = 1024;  // libraries

// Whether a file has to do with CUDA, by what it says of itself or by its name.
bool is_of_cuda(const Binary& binary) {
  const bool has_code = binary.coverage && binary.coverage->regions > 0;
  const bool asks_for_runtime = binary.runtime.missing == Missing::not_applicable;
  return is_cuda_library(binary.path) || binary.runtime.is_known() || has_code || asks_for_runtime;
}

// What the process has mapped of CUDA: what its name tells, and, where whole sections are read, whatever carries a
// runtime or GPU code. The program may carry one in any case. What was read with its environment is not read again.
BinaryCollection read_mapped(const Subject& subject, const LoadingGround& ground, const Stack& stack) {
  std::map<std::string, const Binary*> known;
  for (const Binary& binary : stack.binaries) known.emplace(full_path(subject, binary.path), &binary);
  const std::string program = process_link(subject, "exe");
  BinaryCollection read;
  std::vector<std::string> paths;
  for (const Library& library : subject.libraries) {
    const std::string path = mapped_path(library);
    if (const auto at = known.find(path); at != known.end()) {
      read.binaries.push_back(*at->second);
      read.binaries.back().path = path;
      read.binaries.back().environment.clear();
    } else if (is_cuda_library(path) || subject.options.exact || path == program) {
      paths.push_back(path);
    }
  }
  const DependencyResolver resolver(ground, "");
  for (Binary& binary : read_binaries(ground, paths, "", resolver).binaries) read.binaries.push_back(std::move(binary));
  for (const Binary& binary : read.binaries) {
    if (binary.runtime.is_known()) read.runtimes.insert(value_text(*binary.runtime.value));
  }
  return read;
}

// A libcudart under its full name, "libcudart.so.12.1.105", states its release; a SONAME says its major version only.
Fact runtime_by_name(const std::string& path, const Fact& unread) {
  const LibraryFileName name = split_library_file_name(path);
  const std::optional<DottedVersion> version = dotted_version_from(name.version);
  if (name.stem != "libcudart" || !version || version->parts.size() < 3) return unread;
  return known_fact(fmt::format("{}.{}", version->major(), version->minor()), "file name", Standing::inferred);
}

// Libraries of CUDA whose bytes nobody may read: their names speak for them. The names of those runtimes whose release
// stays unknown.
std::vector<std::string> add_unread(const Subject& subject, BinaryCollection& found) {
  std::vector<std::string> unread;
  for (const Library& library : subject.libraries) {
    const std::string path = mapped_path(library);
    if (!is_cuda_library(path)) continue;
    const Looked<FileReader> file = subject.files.open(path);
    if (file) continue;
    Binary binary;
    binary.path = path;
    binary.version = missing_because(file, path);
    binary.runtime = runtime_by_name(library.path, binary.version);
    if (binary.runtime.is_known()) {
      found.runtimes.insert(value_text(*binary.runtime.value));
    } else if (has_role(path, LibraryRole::runtime)) {
      unread.push_back(file_name(library.path));
    }
    found.binaries.push_back(std::move(binary));
  }
  return unread;
}

void tell_unread(const std::vector<std::string>& names, const std::string& source, Fact& fact) {
  const std::string told = and_more(names, 3) + (names.size() == 1 ? " is" : " are") + " mapped and may not be read";
  if (!fact.is_known()) {
    fact = missing_fact(Missing::denied, source, told);
    return;
  }
  fact.detail = "at least; " + told;
}
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
  const LoadingGround ground = loading_ground(subject);
  BinaryCollection found = read_mapped(subject, ground, stack);
  const std::vector<std::string> unread = add_unread(subject, found);
  fact = runtimes_fact(found, source);
  if (!unread.empty()) tell_unread(unread, source, fact);
  std::erase_if(found.binaries, [](const Binary& binary) { return !is_of_cuda(binary); });
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
