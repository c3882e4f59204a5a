#include "compare/items/command_difference.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "base/text.h"

namespace varve {

namespace {
// Where two commands differ, when it is one argument only (0 is the program).
std::optional<std::size_t> only_difference(const Variant& a, const Variant& b) {
  if (a.command.size() != b.command.size()) return std::nullopt;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < a.command.size(); ++i) {
    if (a.command[i] == b.command[i]) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

bool differ_in_content(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

const NamedFile* file_of(const Variant& variant, std::size_t argument) {
  const auto found = std::find_if(variant.files.begin(), variant.files.end(), [&](const NamedFile& file) {
    return static_cast<std::size_t>(file.argument) == argument;
  });
  return found == variant.files.end() ? nullptr : &*found;
}

// A program that runs other code than its own: what that is, is not recorded.
bool runs_other_code(const std::string& program) {
  static const std::set<std::string> kNames = {
      "accelerate", "apptainer", "bash",    "bun",      "chrt",  "conda", "dash", "deepspeed",   "deno",
      "docker",     "env",       "fish",    "java",     "julia", "ksh",   "lua",  "mamba",       "mpiexec",
      "mpirun",     "nice",      "node",    "numactl",  "perl",  "php",   "pipx", "podman",      "poetry",
      "pypy",       "python",    "r",       "rscript",  "ruby",  "sh",    "srun", "singularity", "sudo",
      "taskset",    "time",      "timeout", "torchrun", "uv",    "xargs", "zsh"};
  std::string name = to_lower(program.substr(program.rfind('/') + 1));
  name.erase(std::find_if(name.rbegin(), name.rend(), [](char c) { return c >= 'a' && c <= 'z'; }).base(), name.end());
  return kNames.contains(name);
}

// What stands in one command and not in the other, between what both begin and end with.
struct OwnArguments {
  std::size_t first = 0;
  std::vector<std::string> of_a, of_b;
};

OwnArguments own_arguments(const Variant& a, const Variant& b) {
  const std::vector<std::string>&left = a.command, &right = b.command;
  const auto begin = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  auto end_a = left.end(), end_b = right.end();
  while (end_a != begin.first && end_b != begin.second && *std::prev(end_a) == *std::prev(end_b)) --end_a, --end_b;
  return {static_cast<std::size_t>(begin.first - left.begin()), {begin.first, end_a}, {begin.second, end_b}};
}

// None, a value, a flag, or an option with its value.
bool is_one_argument(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return true;
  return arguments.size() == 2 && arguments[0].starts_with('-') && !arguments[1].starts_with('-');
}

bool names_a_file(const Variant& variant, std::size_t first, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].find('/') != std::string::npos || file_of(variant, first + i) != nullptr) return true;
  }
  return false;
}

// The first argument is a file that the program runs, and it is one file on both sides.
bool runs_one_file(const Variant& a, const Variant& b, std::size_t before) {
  const NamedFile* file_a = file_of(a, 1);
  const NamedFile* file_b = file_of(b, 1);
  return before > 1 && file_a != nullptr && file_b != nullptr && !file_a->digest.empty() &&
         file_a->digest == file_b->digest;
}

// The units whose libraries are known mapped the program itself: it is machine code, not a script for an interpreter.
bool is_machine_code(const Variant& variant, const std::vector<const Unit*>& units) {
  const std::string& path = variant.program;
  const std::string end = path.starts_with("./")                           ? path.substr(1)
                          : path.starts_with('/') || path.starts_with('~') ? path
                                                                           : "/" + path;
  const std::vector<const Unit*> known = units_with_libraries(units);
  return !known.empty() && std::all_of(known.begin(), known.end(), [&](const Unit* unit) {
    return std::any_of(unit->libraries.begin(), unit->libraries.end(),
                       [&](const Library& library) { return library.path.ends_with(end); });
  });
}
}  // namespace

bool differs_by_one_argument(const Sides& sides) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  const OwnArguments own = own_arguments(a, b);
  if (own.first == 0 || !is_one_argument(own.of_a) || !is_one_argument(own.of_b)) return false;
  if (own.of_a.empty() == own.of_b.empty() && (own.of_a.size() != 1 || own.of_b.size() != 1)) return false;
  if (names_a_file(a, own.first, own.of_a) || names_a_file(b, own.first, own.of_b)) return false;
  const bool one_program = a.program == b.program && a.program_digest == b.program_digest && !a.program_digest.empty();
  return one_program && (!runs_other_code(a.program) || runs_one_file(a, b, own.first));
}

bool command_follows_from_an_environment(const Sides& sides) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  const auto stands_in = [](const Variant& variant) {
    return variant.packages && !variant.packages->environment.empty() && !variant.packages->versions.empty() &&
           !variant.packages->python.empty() && variant.program.find('/') != std::string::npos &&
           folder_of(variant.program)
               .ends_with(variant.packages->environment.substr(variant.packages->environment.rfind('/') + 1) + "/bin/");
  };
  const std::string file_a = a.program.substr(a.program.rfind('/') + 1);
  const std::string file_b = b.program.substr(b.program.rfind('/') + 1);
  return only_difference(a, b) == std::optional<std::size_t>(0) && file_a == file_b && stands_in(a) && stands_in(b);
}

bool program_follows_from_an_environment(const Sides& sides) {
  if (!command_follows_from_an_environment(sides)) return false;
  const std::string name = file_name(sides.variant_a->program);
  if (name.starts_with("python") || name.starts_with("pypy")) {
    return sides.variant_a->packages->python != sides.variant_b->packages->python;
  }
  const auto is_script = [](const Variant& variant, const std::vector<const Unit*>& units) {
    return !units_with_libraries(units).empty() && !is_machine_code(variant, units);
  };
  return is_script(*sides.variant_a, sides.units_a) && is_script(*sides.variant_b, sides.units_b);
}

bool command_follows_from_an_image(const Sides& sides) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  if (!a.image || !b.image || a.image->argument <= 0 || a.image->argument != b.image->argument) return false;
  return only_difference(a, b) == std::optional<std::size_t>(static_cast<std::size_t>(a.image->argument));
}

bool settings_follow_from_an_environment(const Sides& sides) {
  const auto has_one = [](const Variant& variant) {
    const auto folder = variant.environment.find("VIRTUAL_ENV"), path = variant.environment.find("PATH");
    if (folder == variant.environment.end() || path == variant.environment.end()) return false;
    return path->second.starts_with(folder->second + "/bin") && variant.packages &&
           !variant.packages->versions.empty() && variant.packages->environment == folder->second;
  };
  return has_one(*sides.variant_a) && has_one(*sides.variant_b);
}

bool differs_by_scan_alone(const Sides& sides) {
  const ScannedValues& a = sides.variant_a->scanned;
  const ScannedValues& b = sides.variant_b->scanned;
  if (!sides.one_document || a.origin < 0 || a.origin != b.origin || a.values == b.values) return false;
  const bool same_names = a.values.size() == b.values.size() &&
                          std::equal(a.values.begin(), a.values.end(), b.values.begin(),
                                     [](const auto& left, const auto& right) { return left.first == right.first; });
  const bool one_program = !sides.variant_a->command.empty() && !sides.variant_b->command.empty() &&
                           sides.variant_a->command.front() == sides.variant_b->command.front();
  return same_names && one_program && !command_follows_from_a_file(sides);
}

bool command_follows_from_a_file(const Sides& sides) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  const std::optional<std::size_t> place = only_difference(a, b);
  if (!place) return false;
  if (*place == 0) {
    return differ_in_content(a.program_digest, b.program_digest) && folder_of(a.program) == folder_of(b.program) &&
           !runs_other_code(a.program) && !runs_other_code(b.program) && is_machine_code(a, sides.units_a) &&
           is_machine_code(b, sides.units_b);
  }
  const NamedFile* file_a = file_of(a, *place);
  const NamedFile* file_b = file_of(b, *place);
  return file_a != nullptr && file_b != nullptr && differ_in_content(file_a->digest, file_b->digest) &&
         folder_of(file_a->path) == folder_of(file_b->path);
}

}  // namespace varve
