// What an installer was asked for, as a text tells it.
#include <fmt/format.h>

#include <set>

#include "base/dotted_version.h"
#include "base/text.h"
#include "disclosure/open_environment.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
// Of two that differ neither counts; one that was asked for without it, or that does not tell, says nothing against it.
void settle(std::string& told, const std::string& asked, bool& is_contested) {
  if (asked.empty() || is_contested || told == asked) return;
  is_contested = !told.empty();
  told = is_contested ? std::string() : asked;
}

// Two versions that were asked for leave none.
void add_wanted(const Declared& declared, std::vector<OpenEnvironment>& environments) {
  if ((declared.asked.empty() && declared.refused.empty()) || environments.size() > 1) return;
  std::map<std::string, AskedPackage> wanted;              // by normalised name
  std::map<std::string, std::pair<bool, bool>> contested;  // its version, its CUDA
  for (const AskedPackage& asked : declared.asked) {
    const auto [at, is_new] = wanted.emplace(normal_package_name(asked.name), asked);
    if (is_new) continue;
    auto& [other_version, other_cuda] = contested[at->first];
    settle(at->second.version, asked.version, other_version);
    settle(at->second.cuda, asked.cuda, other_cuda);
    at->second.is_of_index = at->second.is_of_index && asked.is_of_index;
  }
  const AskedPackage& first = declared.asked.empty() ? declared.refused.front() : declared.asked.front();
  if (environments.empty()) environments.push_back({.packages = {}, .python = {}, .line = first.line});
  for (const auto& [name, asked] : wanted) {
    const std::string version = asked.version.empty() ? kUnstatedVersion : asked.version;
    OpenPackage open = open_package({asked.name, version, asked.line}, asked.is_of_conda ? "conda" : "");
    open.is_asked = true;
    open.is_of_index = asked.is_of_index;
    open.glibc = asked.glibc;
    if (!asked.cuda.empty()) {
      open.package.cuda =
          known_fact(asked.cuda, fmt::format("the index asked for in line {}", asked.line), Standing::inferred);
    }
    environments.front().packages.emplace(name, std::move(open));
  }
}

// The Python that lines tell apart from lists, where all tell of one: "3.11" and "3.11.7" may be.
void add_python(const Declared& declared, std::vector<OpenEnvironment>& environments) {
  if (environments.size() != 1 || !environments.front().python.empty()) return;
  std::string python;
  std::int64_t line = 0;
  for (const auto& [version, at] : declared.pythons) {
    const bool is_longer = python.empty() || version.starts_with(python + ".");
    if (!is_longer && !python.starts_with(version + ".")) return;
    if (is_longer) python = version, line = at;
  }
  environments.front().python = python;
  environments.front().python_line = line;
}

// The versions of Python that the wheels of a release are for; empty: this one is among them, or not all is known.
std::string other_pythons(const AskedPackage& asked, const DottedVersion& python, const Knowledge& knowledge) {
  const auto version = dotted_version_from(std::string(public_version(asked.version)));
  if (asked.is_of_conda || !version) return {};
  std::string pythons;
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    if (build.framework != normal_package_name(asked.name) || !is_within(*version, build.version)) continue;
    if (build.python.empty() || is_within(python, build.python)) return {};
    pythons = build.python;
  }
  return pythons;
}

// What an installer was asked for, against the Python that is there: what it did not find counts unless pip lists it,
// what else was asked for unless anything says that it is there.
void add_without_wheel(const Declared& declared, OpenEnvironment& environment, const Knowledge& knowledge) {
  const auto python = dotted_version_from(environment.python);
  if (!python || python->parts.size() < 2) return;
  std::set<std::string> missing;
  const auto add = [&](const AskedPackage& asked, bool is_refused) {
    const auto known = environment.packages.find(normal_package_name(asked.name));
    const bool is_known = known != environment.packages.end();
    // The release that a form names is the one that was wanted.
    const bool is_there = is_known && !known->second.is_asked && !known->second.is_written;
    if (is_known && (is_refused ? known->second.is_listed : is_there)) return;
    const std::string pythons = other_pythons(asked, *python, knowledge);
    if (!pythons.empty()) missing.insert(fmt::format("{} {} (Python {})", asked.name, asked.version, pythons));
  };
  for (const AskedPackage& asked : declared.refused) add(asked, true);
  for (const AskedPackage& asked : declared.asked) add(asked, false);
  environment.without_wheel.assign(missing.begin(), missing.end());
}
}  // namespace

void add_asked(const Declared& declared, const Knowledge& knowledge, std::vector<OpenEnvironment>& environments) {
  add_wanted(declared, environments);
  add_python(declared, environments);
  if (environments.size() == 1) add_without_wheel(declared, environments.front(), knowledge);
}

}  // namespace varve
