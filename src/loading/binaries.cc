#include "loading/binaries.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/library_file_name.h"
#include "base/text.h"
#include "binary/elf/build_id.h"
#include "binary/elf/note_sections.h"
#include "binary/elf/static_archive.h"
#include "binary/gpu_code/fatbin_coverage.h"
#include "binary/version/library_version.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime.h"
#include "model/json/stack_parts_json.h"
#include "tables/libraries.h"

namespace varve {

namespace {

// What the cache is asked for; raise its number when the same bytes give another answer.
constexpr const char* kExactQuestion = "exact-6";

// The shared runtime that a file asks the loader for.
std::string needed_runtime(const DynamicSection& dynamic) {
  for (const std::string& name : dynamic.needed) {
    if (name.starts_with("libcudart.so")) return name;
  }
  return "";
}

void set_versions(const FileReader& file, ReadBinary& read) {
  Binary& binary = read.binary;
  const std::string name = file_name(without_deleted_mark(binary.path));
  const std::optional<LibraryVersion> version = library_version(file, name, version_rows(name));
  binary.version = version ? known_fact(clean_utf8(version->value, 64), version->how, version->standing)
                           : missing_fact(Missing::absent, name, "its bytes do not tell");
  const std::string shared = needed_runtime(read.dynamic);
  if (version && !version->runtime.empty()) {
    binary.runtime = known_fact(clean_utf8(version->runtime, 32), version->runtime_how, Standing::inferred);
  } else if (version && split_library_file_name(name).stem == "libcudart") {
    binary.runtime = known_fact(binary.version.value.value_or(Value{}), version->how, version->standing);
  } else if (!shared.empty()) {
    binary.runtime = missing_fact(Missing::not_applicable, name, "it loads " + clean_utf8(shared, 64));
  } else {
    binary.runtime = missing_fact(Missing::not_asked, name, "a runtime inside is looked for with --exact only");
  }
}

// Everything that needs whole sections, as the cache keeps it.
Json exact_answer(const FileReader& file, const std::string& path) {
  Json answer = Json::object();
  if (const auto runtime = static_runtime_version(file)) answer["runtime"] = runtime->version;
  if (const auto strings = read_only_strings(file, path)) {
    answer["opened"] = strings->library_names;
    answer["built_by"] = strings->cuda_tools;
  }
  for (const std::string& compiler : host_compilers(file)) answer["built_by"].push_back(clean_utf8(compiler, 200));
  const Result<std::optional<Coverage>> coverage = read_exact_coverage(file, path);
  if (coverage && *coverage) answer["coverage"] = coverage_to_json(**coverage);
  return answer;
}

std::vector<std::string> texts_of(const Json& answer, const char* key) {
  const auto found = answer.find(key);
  return found != answer.end() && found->is_array() ? found->get<std::vector<std::string>>()
                                                    : std::vector<std::string>{};
}

void take_exact(const Json& answer, const std::string& path, ReadBinary& read) {
  Binary& binary = read.binary;
  const std::string source = file_name(path) + ": constants in its code";
  if (answer.contains("runtime")) {
    const Fact inside = known_fact(answer.at("runtime").get<std::string>(), source, Standing::inferred);
    if (!binary.runtime.is_known()) binary.runtime = inside;
  } else if (binary.runtime.missing == Missing::not_asked) {
    binary.runtime = missing_fact(Missing::absent, source, "no runtime inside");
  }
  read.opened = texts_of(answer, "opened");
  binary.built_by = texts_of(answer, "built_by");
  if (answer.contains("coverage")) binary.coverage = coverage_from_json(answer.at("coverage"));
}

bool is_list_of_texts(const Json& answer, const char* key) {
  const auto found = answer.find(key);
  if (found == answer.end()) return true;
  return found->is_array() &&
         std::all_of(found->begin(), found->end(), [](const Json& one) { return one.is_string(); });
}

// A file in the cache may be damaged, or another program's.
bool is_exact_answer(const Json& answer) {
  if (!answer.is_object() || !is_list_of_texts(answer, "opened") || !is_list_of_texts(answer, "built_by")) return false;
  if (answer.contains("runtime") && !answer.at("runtime").is_string()) return false;
  return !answer.contains("coverage") || coverage_from_json(answer.at("coverage")).has_value();
}

// Whole sections are passed over one file after the other: a pass is as fast as memory is, and holds much of it.
Json exact_pass(const FileReader& file, const Binary& binary, const BinaryCache& cache) {
  const std::string key = binary.build_id.empty() ? file_identity(file) : binary.build_id;
  Json answer = cache.find(key, file.size(), kExactQuestion);
  if (is_exact_answer(answer)) return answer;
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  answer = cache.find(key, file.size(), kExactQuestion);  // of a copy of it, meanwhile
  if (is_exact_answer(answer)) return answer;
  answer = exact_answer(file, binary.path);
  cache.keep(key, file.size(), kExactQuestion, answer);
  return answer;
}
}  // namespace

Result<ReadBinary> read_binary(const FileReader& file, const std::string& path, const BinaryOptions& options,
                               const BinaryCache& cache) {
  ReadBinary read;
  Binary& binary = read.binary;
  binary.path = path;
  binary.bytes = static_cast<std::int64_t>(file.size());
  if (is_archive(file)) {
    binary.version = missing_fact(Missing::not_applicable, file_name(path), "a static library");
    binary.runtime = binary.version;
  } else {
    const FileReader near = file.buffered();  // headers, names and symbols stand close together
    Result<DynamicSection> dynamic = read_dynamic_section(near, path);
    if (!dynamic) return dynamic.error();
    read.dynamic = std::move(*dynamic);
    binary.soname = clean_utf8(read.dynamic.soname, 256);
    if (const Result<std::string> build_id = read_build_id(near, path)) binary.build_id = *build_id;
    set_versions(near, read);
  }
  if (options.exact) {
    take_exact(exact_pass(file, binary, cache), path, read);
  } else if (options.coverage) {
    Result<std::optional<Coverage>> coverage = read_coverage(file, path);
    if (!coverage) return coverage.error();
    binary.coverage = std::move(*coverage);
  }
  return read;
}

}  // namespace varve
