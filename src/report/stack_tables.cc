// The parts of a stack beside its facts as tables, for text and pages alike.
#include "report/stack_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "report/wording.h"

namespace varve {

namespace {
Cell fact_cell(const Fact& fact) {
  if (!fact.is_known()) return {fact.missing == Missing::absent ? "–" : missing_title(fact.missing), Tone::dim};
  const bool inferred = fact.standing == Standing::inferred;
  return {value_text(*fact.value) + (inferred ? " (inferred)" : "")};
}

std::string role_text(const DriverFile& file) {
  std::string text = file.role == DriverFileRole::driver ? "" : std::string(to_string(file.role));
  if (file.loaded_first) text += text.empty() ? "taken by the loader" : ", taken by the loader";
  return text;
}

std::string pin_text(const Requirement& requirement) {
  if (requirement.installed.empty()) return requirement.name + requirement.specifier + " (not installed)";
  return requirement.name + " " + requirement.installed + " (wants " + requirement.specifier + ")";
}

// Pins that are not what is there: "==13.4.0.1" beside 13.2.0.9, or nothing.
std::vector<std::string> broken_pins(const Package& package) {
  std::vector<std::string> pins;
  for (const Requirement& requirement : package.requirements) {
    const bool exact = requirement.specifier.starts_with("==") && !requirement.specifier.ends_with("*");
    const bool other = exact && trim(requirement.specifier.substr(2)) != requirement.installed;
    if (requirement.installed.empty() || other) pins.push_back(pin_text(requirement));
  }
  return pins;
}

// "75 80 90 90a": the architectures of one kind of code, without their prefix; of PTX for each version of its language:
// "80 90 (ISA 9.0), 120 (ISA 9.2)".
std::string targets_text(const Coverage& coverage, CodeKind kind) {
  std::map<std::pair<int, int>, std::set<std::pair<ComputeCapability, char>>> by_version;
  for (const CodeGroup& group : coverage.groups) {
    for (const CodeTarget& target : group.targets) {
      if (target.kind != kind) continue;
      by_version[{target.isa_major, target.isa_minor}].insert({target.architecture, target.variant});
    }
  }
  std::vector<std::string> versions;
  for (const auto& [version, targets] : by_version) {
    std::vector<std::string> names;
    for (const auto& [architecture, variant] : targets) {
      names.push_back(fmt::format("{}{}", architecture.major, architecture.minor));
      if (variant != '\0') names.back() += variant;
    }
    versions.push_back(join(names, " "));
    if (kind == CodeKind::ptx) versions.back() += fmt::format(" (ISA {}.{})", version.first, version.second);
  }
  return join(versions, ", ");
}

Cell count_cell(const CoverageCount& count) {
  const std::int64_t all = count.native + count.jit + count.none;
  if (all == 0) return {"no code", Tone::dim};
  if (count.native == all) return {"native", Tone::good};
  if (count.none == all) return {"not at all", Tone::bad};
  std::vector<std::string> parts;
  if (count.native > 0) parts.push_back(fmt::format("{} native", count.native));
  if (count.jit > 0) parts.push_back(fmt::format("{} JIT", count.jit));
  if (count.none > 0) parts.push_back(fmt::format("{} none", count.none));
  return {join(parts, ", "), count.native > 0 ? Tone::plain : Tone::caution};
}

// The newest PTX that the driver compiles, as it said itself: "8.4" is {8, 4}.
std::optional<std::pair<int, int>> ptx_ceiling(const Stack& stack) {
  const auto fact = stack.facts.find("driver.jit.ptx_isa");
  if (fact == stack.facts.end() || !fact->second.is_known()) return std::nullopt;
  const std::string text = value_text(*fact->second.value);
  const std::size_t dot = text.find('.');
  const auto major = parse_integer(text.substr(0, dot));
  const auto minor = dot == std::string::npos ? std::optional<std::int64_t>(0) : parse_integer(text.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return std::pair(static_cast<int>(*major), static_cast<int>(*minor));
}

std::vector<Cell> coverage_row(const std::string& name, const Coverage& coverage,
                               const std::vector<ComputeCapability>& gpus,
                               const std::optional<std::pair<int, int>>& ceiling) {
  const auto or_dash = [](std::string text) { return text.empty() ? Cell{"–", Tone::dim} : Cell{std::move(text)}; };
  std::string native = targets_text(coverage, CodeKind::sass);
  const std::string linked = targets_text(coverage, CodeKind::lto_ir);
  if (!linked.empty()) native += (native.empty() ? "" : "; ") + ("LTO " + linked);
  std::vector<Cell> row = {{name},
                           {std::to_string(coverage.regions)},
                           or_dash(native),
                           or_dash(targets_text(coverage, CodeKind::ptx)),
                           {join(coverage.codecs, ", "), Tone::dim}};
  for (const ComputeCapability gpu : gpus) row.push_back(count_cell(count_coverage(coverage, gpu, ceiling)));
  return row;
}

StackTable image_table(const Image& image) {
  StackTable table{.title = "image", .columns = {{""}, {""}}, .rows = {}, .notes = {}};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({{name}, {value}});
  };
  std::uint64_t bytes = 0;
  for (const ImageLayer& layer : image.layers) bytes += layer.size;
  add("name", image.name);
  add("format", std::string(to_string(image.format)));
  add("platform", image.platform);
  add("digest", fact_text(image.digest) +
                    (image.digest.is_known() && !image.digest.detail.empty() ? " (" + image.digest.detail + ")" : ""));
  add("layers", fmt::format("{}, {}", image.layers.size(), format_bytes(bytes)));
  for (const auto& [name, value] : image.requirements) add(name, value);
  for (const auto& [name, value] : image.labels) add(name, value);
  for (const std::string& remark : image.remarks) table.notes.push_back({remark, Tone::caution});
  return table;
}

StackTable driver_table(const std::vector<DriverFile>& files) {
  StackTable table{.title = "user driver files",
                   .columns = {{"library"}, {"version"}, {"API level"}, {"file"}, {""}},
                   .rows = {},
                   .notes = {}};
  for (const DriverFile& file : files) {
    table.rows.push_back({{file.library},
                          fact_cell(file.version),
                          file.library == "libcuda" ? fact_cell(file.api_level) : Cell{""},
                          {file.path},
                          {role_text(file), file.role == DriverFileRole::driver ? Tone::dim : Tone::caution}});
  }
  return table;
}

StackTable toolkit_table(const std::vector<Toolkit>& toolkits) {
  StackTable table{.title = "CUDA toolkits",
                   .columns = {{"toolkit"}, {"version"}, {"nvcc"}, {"installed by"}, {"named by"}},
                   .rows = {},
                   .notes = {}};
  for (const Toolkit& toolkit : toolkits) {
    table.rows.push_back({{toolkit.path},
                          fact_cell(toolkit.version),
                          fact_cell(toolkit.nvcc),
                          fact_cell(toolkit.installer),
                          {join(toolkit.named_by, ", ")}});
  }
  return table;
}

StackTable environment_table(const Environment& environment) {
  std::string title = std::string(to_string(environment.kind)) + " " + environment.path;
  if (environment.python.is_known()) title += ", Python " + value_text(*environment.python.value);
  StackTable table{
      .title = title, .columns = {{"package"}, {"version"}, {"built for CUDA"}, {"by"}}, .rows = {}, .notes = {}};
  for (const Package& package : environment.packages) {
    table.rows.push_back({{package.name}, {package.version}, fact_cell(package.cuda), {package.installer, Tone::dim}});
    const std::vector<std::string> pins = broken_pins(package);
    if (!pins.empty()) table.notes.push_back({package.name + " pins " + join(pins, ", "), Tone::caution});
  }
  for (const CarriedCompiler& compiler : environment.compilers) {
    table.rows.push_back(
        {{file_name(compiler.path)}, fact_cell(compiler.version), {"compiles at run time", Tone::dim}, {""}});
  }
  const Fact& runtimes = environment.runtimes;
  const bool remark = runtimes.is_known() && !runtimes.detail.empty();
  table.notes.push_back({"CUDA runtimes inside: " + fact_text(runtimes) + (remark ? " (" + runtimes.detail + ")" : ""),
                         runtimes.is_known() ? Tone::plain : Tone::dim});
  return table;
}

// One SONAME in different files of one environment: which of them a process gets depends on who asks first.
std::vector<std::string> several_copies(const std::vector<Binary>& binaries) {
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> copies;  // by build id
  for (const Binary& binary : binaries) {
    if (binary.soname.empty() || binary.build_id.empty()) continue;
    copies[{binary.environment, binary.soname}].emplace(binary.build_id, binary.path);
  }
  std::vector<std::string> notes;
  for (const auto& [key, files] : copies) {
    if (files.size() < 2) continue;
    std::vector<std::string> paths;
    for (const auto& [build_id, path] : files) paths.push_back(path);
    notes.push_back(
        fmt::format("{} is there in {} different copies: {}", key.second, files.size(), list_text(paths, 3)));
  }
  return notes;
}

// Files that say something, and those that miss something; the others stand in the document.
StackTable binary_table(const std::string& title, const std::vector<Binary>& binaries) {
  StackTable table{.title = title,
                   .columns = {{"library"}, {"version"}, {"CUDA runtime inside"}, {"not found on its own path"}},
                   .rows = {},
                   .notes = {}};
  for (const Binary& binary : binaries) {
    std::vector<std::string> missing;
    for (const Dependency& dependency : binary.dependencies) {
      if (dependency.kind == DependencyKind::needed && dependency.path.empty()) missing.push_back(dependency.name);
    }
    if (!binary.version.is_known() && !binary.runtime.is_known() && missing.empty()) continue;
    table.rows.push_back({{file_name(binary.path)},
                          fact_cell(binary.version),
                          fact_cell(binary.runtime),
                          {join(missing, ", "), Tone::caution}});
  }
  for (const std::string& copies : several_copies(binaries)) table.notes.push_back({copies, Tone::caution});
  const std::size_t others = binaries.size() - table.rows.size();
  if (others > 0)
    table.notes.push_back({fmt::format("{} more files without a version of their own", others), Tone::dim});
  return table;
}

// One table for each environment, then what belongs to none: the libraries of a process, and files that were named.
std::vector<StackTable> binary_tables(const Stack& stack) {
  std::vector<StackTable> tables;
  std::map<std::string, std::vector<Binary>> by_environment;
  for (const Binary& binary : stack.binaries) by_environment[binary.environment].push_back(binary);
  for (const auto& [environment, binaries] : by_environment) {
    if (!environment.empty()) tables.push_back(binary_table("libraries in " + environment, binaries));
  }
  const auto others = by_environment.find("");
  if (others != by_environment.end()) {
    tables.push_back(
        binary_table(stack.libraries.empty() ? "libraries" : "CUDA libraries of the process", others->second));
  }
  return tables;
}

StackTable handshake_table(const std::vector<HandshakeStep>& steps) {
  StackTable table{.title = "device handshake",
                   .columns = {{"step"}, {"of"}, {""}, {"code", true}, {""}, {"time", true}},
                   .rows = {},
                   .notes = {}};
  for (const HandshakeStep& step : steps) {
    const Tone tone = step.state == StepState::passed   ? Tone::good
                      : step.state == StepState::failed ? Tone::bad
                                                        : Tone::dim;
    table.rows.push_back({{step.step},
                          {step.subject},
                          {std::string(to_string(step.state)), tone},
                          {step.code ? std::to_string(*step.code) : ""},
                          {step.detail},
                          {step.state == StepState::skipped ? "" : format_seconds(step.seconds), Tone::dim}});
  }
  return table;
}
}  // namespace

std::vector<StackTable> stack_tables(const Stack& stack) {
  std::vector<StackTable> tables;
  if (stack.image) tables.push_back(image_table(*stack.image));
  tables.push_back(driver_table(stack.driver_files));
  tables.push_back(toolkit_table(stack.toolkits));
  for (const Environment& environment : stack.environments) tables.push_back(environment_table(environment));
  for (StackTable& table : binary_tables(stack)) tables.push_back(std::move(table));
  const bool covered = std::any_of(stack.binaries.begin(), stack.binaries.end(),
                                   [](const Binary& binary) { return binary.coverage.has_value(); });
  if (covered) tables.push_back(coverage_table(stack, {}));
  tables.push_back(handshake_table(stack.handshake));
  if (!stack.processes.empty()) tables.push_back(process_table(stack));
  std::erase_if(tables, [](const StackTable& table) { return table.rows.empty(); });
  return tables;
}

StackTable coverage_table(const Stack& stack, const std::vector<ComputeCapability>& gpus) {
  const std::optional<std::pair<int, int>> ceiling = ptx_ceiling(stack);
  StackTable table{.title = "GPU code",
                   .columns = {{"file"}, {"regions", true}, {"native code for"}, {"PTX for"}, {"stored"}},
                   .rows = {},
                   .notes = {}};
  for (const ComputeCapability gpu : gpus) table.columns.push_back({"on " + to_string(gpu)});
  std::vector<std::string> without;
  for (const Binary& binary : stack.binaries) {
    const std::string name = file_name(binary.path);
    if (!binary.coverage) {
      without.push_back(name);
      continue;
    }
    const Coverage& coverage = *binary.coverage;
    table.rows.push_back(coverage_row(name, coverage, gpus, ceiling));
    if (coverage.exact && coverage.regions_empty > 0) {
      table.notes.push_back(
          {fmt::format("{}: {} more regions hold no code of their own", name, coverage.regions_empty), Tone::dim});
    }
    if (!coverage.remark.empty()) table.notes.push_back({name + ": " + coverage.remark, Tone::dim});
  }
  if (stack.binaries.empty()) table.notes.push_back({"No library of a CUDA stack was found.", Tone::dim});
  if (!without.empty()) table.notes.push_back({"No GPU code in " + list_text(without, 12) + ".", Tone::dim});
  return table;
}

StackTable process_table(const Stack& stack) {
  StackTable table{.title = "processes that hold a CUDA driver or runtime",
                   .columns = {{"pid", true}, {"program"}, {"container"}, {"driver"}, {"CUDA runtimes"}, {"libraries"}},
                   .rows = {},
                   .notes = {}};
  for (const GpuProcess& process : stack.processes) {
    table.rows.push_back({{std::to_string(process.pid)},
                          {process.program},
                          {process.container.empty() ? "–" : process.container},
                          fact_cell(process.driver),
                          fact_cell(process.runtimes),
                          {list_text(process.libraries, 6), Tone::dim}});
  }
  if (stack.processes.empty()) table.notes.push_back({"None."});
  const auto fact = stack.facts.find("processes.with_cuda");
  if (fact != stack.facts.end() && !fact->second.detail.empty()) {
    table.notes.push_back({fact->second.detail, Tone::caution});
  }
  return table;
}

}  // namespace varve
