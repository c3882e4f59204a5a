// The parts of a stack beside its facts: one pair of functions a struct.
#include "model/json/stack_parts_json.h"

#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"

namespace varve {

namespace {

void set_texts(Json& json, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) json[key] = texts;
}

std::map<std::string, std::string> texts_by_name(const Fields& fields, const char* key) {
  std::map<std::string, std::string> texts;
  fields.each_text(key, [&](const std::string& name, const std::string& text) { texts.emplace(name, text); });
  return texts;
}

Json target_to_json(const CodeTarget& target) {
  Json json{{"kind", std::string(to_string(target.kind))}, {"architecture", to_string(target.architecture)}};
  if (target.variant != '\0') json["variant"] = std::string(1, target.variant);
  if (target.kind == CodeKind::ptx)
    json["isa"] = std::to_string(target.isa_major) + "." + std::to_string(target.isa_minor);
  return json;
}

CodeTarget target_from(const Fields& fields) {
  CodeTarget target;
  target.kind = fields.word("kind", code_kind_from);
  const std::optional<ComputeCapability> architecture = compute_capability_from(fields.required_text("architecture"));
  if (!architecture) fields.reject("architecture", "not a compute capability");
  target.architecture = architecture.value_or(ComputeCapability{});
  const std::string variant = fields.text("variant");
  if (variant.size() > 1) fields.reject("variant", "more than one letter");
  if (!variant.empty()) target.variant = variant[0];
  if (const auto isa = compute_capability_from(fields.text("isa"))) {
    target.isa_major = isa->major;
    target.isa_minor = isa->minor;
  }
  return target;
}

}  // namespace

Json coverage_to_json(const Coverage& coverage) {
  Json groups = Json::array();
  for (const CodeGroup& group : coverage.groups) {
    Json targets = Json::array();
    for (const CodeTarget& target : group.targets) targets.push_back(target_to_json(target));
    groups.push_back({{"regions", group.regions}, {"targets", std::move(targets)}});
  }
  Json json{{"exact", coverage.exact},
            {"regions", coverage.regions},
            {"entries", coverage.entries},
            {"codecs", coverage.codecs},
            {"groups", std::move(groups)}};
  if (coverage.exact) json["regions_empty"] = coverage.regions_empty;
  set_text(json, "remark", coverage.remark);
  return json;
}

static Coverage coverage_from(const Fields& fields) {
  Coverage coverage{.exact = fields.flag("exact", false),
                    .regions = fields.integer("regions"),
                    .entries = fields.integer("entries"),
                    .regions_empty = fields.integer("regions_empty"),
                    .groups = {},
                    .codecs = fields.texts("codecs"),
                    .remark = fields.text("remark")};
  fields.each("groups", [&](const Fields& row) {
    CodeGroup group{.targets = {}, .regions = row.integer("regions")};
    row.each("targets", [&](const Fields& target) { group.targets.push_back(target_from(target)); });
    coverage.groups.push_back(std::move(group));
  });
  return coverage;
}
std::optional<Coverage> coverage_from_json(const Json& json) {
  std::optional<Error> problem;
  Coverage coverage = coverage_from(Fields(json, "", problem));
  return problem ? std::nullopt : std::optional(std::move(coverage));
}

std::optional<Fact> fact_from_json(const Json& json) {
  std::optional<Error> problem;
  Fact fact = fact_from(Fields(json, "", problem));
  return problem ? std::nullopt : std::optional(std::move(fact));
}

Json binary_to_json(const Binary& binary) {
  Json json{
      {"path", binary.path}, {"version", fact_to_json(binary.version)}, {"runtime", fact_to_json(binary.runtime)}};
  set_text(json, "environment", binary.environment);
  set_text(json, "package", binary.package);
  set_text(json, "soname", binary.soname);
  set_text(json, "build_id", binary.build_id);
  if (binary.bytes > 0) json["bytes"] = binary.bytes;
  set_texts(json, "built_by", binary.built_by);
  for (const Dependency& dependency : binary.dependencies) {
    Json row{{"name", dependency.name}, {"kind", std::string(to_string(dependency.kind))}, {"why", dependency.why}};
    set_text(row, "path", dependency.path);
    json["dependencies"].push_back(std::move(row));
  }
  if (binary.coverage) json["coverage"] = coverage_to_json(*binary.coverage);
  return json;
}

Binary binary_from(const Fields& fields) {
  Binary binary{.path = fields.required_text("path"),
                .environment = fields.text("environment"),
                .package = fields.text("package"),
                .soname = fields.text("soname"),
                .build_id = fields.text("build_id"),
                .bytes = fields.integer("bytes"),
                .version = fact_from(fields.object("version")),
                .runtime = fact_from(fields.object("runtime")),
                .built_by = fields.texts("built_by"),
                .dependencies = {},
                .coverage = {}};
  fields.each("dependencies", [&](const Fields& row) {
    binary.dependencies.push_back({.name = row.required_text("name"),
                                   .kind = row.word("kind", dependency_kind_from),
                                   .path = row.text("path"),
                                   .why = row.text("why")});
  });
  if (fields.has("coverage")) binary.coverage = coverage_from(fields.object("coverage"));
  return binary;
}

Json environment_to_json(const Environment& environment) {
  Json packages = Json::array(), compilers = Json::array();
  for (const Package& package : environment.packages) {
    Json row{{"name", package.name}, {"version", package.version}, {"role", std::string(to_string(package.role))}};
    row["cuda"] = fact_to_json(package.cuda);
    set_text(row, "installer", package.installer);
    for (const Requirement& requirement : package.requirements) {
      Json pin{{"name", requirement.name}};
      set_text(pin, "specifier", requirement.specifier);
      set_text(pin, "installed", requirement.installed);
      row["requirements"].push_back(std::move(pin));
    }
    set_text(row, "built_for", package.built_for);
    set_text(row, "built_for_source", package.built_for_source);
    packages.push_back(std::move(row));
  }
  for (const CarriedCompiler& compiler : environment.compilers) {
    compilers.push_back({{"path", compiler.path},
                         {"name", std::string(to_string(compiler.name))},
                         {"version", fact_to_json(compiler.version)}});
  }
  Json json{{"kind", std::string(to_string(environment.kind))},
            {"path", environment.path},
            {"python", fact_to_json(environment.python)},
            {"packages", std::move(packages)},
            {"compilers", std::move(compilers)},
            {"runtimes", fact_to_json(environment.runtimes)}};
  for (const FileFault& fault : environment.file_faults) {
    Json row{{"kind", std::string(to_string(fault.kind))}, {"path", fault.path}, {"packages", fault.packages}};
    set_text(row, "owner", fault.owner);
    json["file_faults"].push_back(std::move(row));
  }
  if (!environment.without_wheel.empty()) json["without_wheel"] = environment.without_wheel;
  return json;
}

Environment environment_from(const Fields& fields) {
  Environment environment{.kind = fields.word("kind", environment_kind_from),
                          .path = fields.required_text("path"),
                          .python = fact_from(fields.object("python")),
                          .packages = {},
                          .compilers = {},
                          .runtimes = fact_from(fields.object("runtimes"))};
  fields.each("packages", [&](const Fields& row) {
    Package package{.name = row.required_text("name"),
                    .version = row.text("version"),
                    .role = row.word("role", package_role_from),
                    .installer = row.text("installer"),
                    .cuda = fact_from(row.object("cuda")),
                    .requirements = {},
                    .built_for = row.text("built_for"),
                    .built_for_source = row.text("built_for_source")};
    row.each("requirements", [&](const Fields& pin) {
      package.requirements.push_back(
          {.name = pin.required_text("name"), .specifier = pin.text("specifier"), .installed = pin.text("installed")});
    });
    environment.packages.push_back(std::move(package));
  });
  fields.each("compilers", [&](const Fields& row) {
    environment.compilers.push_back({.path = row.required_text("path"),
                                     .name = row.word("name", gpu_compiler_from),
                                     .version = fact_from(row.object("version"))});
  });
  fields.each("file_faults", [&](const Fields& row) {
    environment.file_faults.push_back({.kind = row.word("kind", file_fault_kind_from),
                                       .path = row.required_text("path"),
                                       .packages = row.texts("packages"),
                                       .owner = row.text("owner")});
  });
  environment.without_wheel = fields.texts("without_wheel");
  return environment;
}

Json driver_file_to_json(const DriverFile& file) {
  Json json{{"library", file.library},
            {"path", file.path},
            {"found_by", file.found_by},
            {"role", std::string(to_string(file.role))},
            {"loaded_first", file.loaded_first},
            {"version", fact_to_json(file.version)},
            {"api_level", fact_to_json(file.api_level)}};
  set_text(json, "build_id", file.build_id);
  set_texts(json, "compat_branches", file.compat_branches);
  return json;
}

DriverFile driver_file_from(const Fields& fields) {
  return {.library = fields.required_text("library"),
          .path = fields.required_text("path"),
          .found_by = fields.text("found_by"),
          .role = fields.word("role", driver_file_role_from),
          .loaded_first = fields.flag("loaded_first", false),
          .build_id = fields.text("build_id"),
          .version = fact_from(fields.object("version")),
          .api_level = fact_from(fields.object("api_level")),
          .compat_branches = fields.texts("compat_branches")};
}

Json toolkit_to_json(const Toolkit& toolkit) {
  return {{"path", toolkit.path},
          {"version", fact_to_json(toolkit.version)},
          {"nvcc", fact_to_json(toolkit.nvcc)},
          {"installer", fact_to_json(toolkit.installer)},
          {"named_by", toolkit.named_by},
          {"components", toolkit.components}};
}

Toolkit toolkit_from(const Fields& fields) {
  return {.path = fields.required_text("path"),
          .version = fact_from(fields.object("version")),
          .nvcc = fact_from(fields.object("nvcc")),
          .installer = fact_from(fields.object("installer")),
          .named_by = fields.texts("named_by"),
          .components = texts_by_name(fields, "components")};
}

Json image_to_json(const Image& image) {
  Json layers = Json::array();
  for (const ImageLayer& layer : image.layers) {
    Json row{{"media_type", layer.media_type}, {"size", layer.size}};
    set_text(row, "digest", layer.digest);
    layers.push_back(std::move(row));
  }
  Json json{{"format", std::string(to_string(image.format))},
            {"platform", image.platform},
            {"digest", fact_to_json(image.digest)},
            {"layers", std::move(layers)},
            {"labels", image.labels},
            {"requirements", image.requirements}};
  set_text(json, "name", image.name);
  set_texts(json, "remarks", image.remarks);
  return json;
}

Image image_from(const Fields& fields) {
  Image image{.format = fields.word("format", image_format_from),
              .name = fields.text("name"),
              .platform = fields.text("platform"),
              .digest = fact_from(fields.object("digest")),
              .layers = {},
              .labels = texts_by_name(fields, "labels"),
              .remarks = fields.texts("remarks"),
              .requirements = texts_by_name(fields, "requirements")};
  fields.each("layers", [&](const Fields& row) {
    image.layers.push_back(
        {.digest = row.text("digest"), .media_type = row.text("media_type"), .size = row.count("size")});
  });
  return image;
}

Json handshake_to_json(const HandshakeStep& step) {
  Json json{{"step", step.step}, {"state", std::string(to_string(step.state))}, {"seconds", step.seconds}};
  set_text(json, "subject", step.subject);
  if (step.code) json["code"] = *step.code;
  set_text(json, "detail", step.detail);
  return json;
}

HandshakeStep handshake_from(const Fields& fields) {
  return {.step = fields.required_text("step"),
          .subject = fields.text("subject"),
          .state = fields.word("state", step_state_from),
          .code = fields.optional_integer("code"),
          .detail = fields.text("detail"),
          .seconds = fields.number("seconds")};
}

Json consumer_to_json(const Consumer& consumer) {
  Json json{{"kind", std::string(to_string(consumer.kind))},
            {"name", consumer.name},
            {"symbols_checked", consumer.symbols_checked}};
  set_text(json, "package", consumer.package);
  set_text(json, "environment", consumer.environment);
  set_text(json, "remark", consumer.remark);
  if (!consumer.lacks_packages.empty()) json["lacks_packages"] = consumer.lacks_packages;
  for (const ConsumedLibrary& library : consumer.libraries) {
    Json row{{"name", library.name}, {"kind", std::string(to_string(library.kind))}, {"why", library.why}};
    set_text(row, "path", library.path);
    set_text(row, "asked_by", library.asked_by);
    if (library.at_start) row["at_start"] = true;
    if (!library.lacks.empty()) row["lacks"] = library.lacks;
    for (const UnresolvedSymbol& symbol : library.unresolved) {
      Json wanted{{"name", symbol.name}};
      set_text(wanted, "version", symbol.version);
      row["unresolved"].push_back(std::move(wanted));
    }
    if (library.unresolved_count > 0) row["unresolved_count"] = library.unresolved_count;
    json["libraries"].push_back(std::move(row));
  }
  return json;
}

Consumer consumer_from(const Fields& fields) {
  Consumer consumer{.kind = fields.word("kind", consumer_kind_from),
                    .name = fields.required_text("name"),
                    .package = fields.text("package"),
                    .environment = fields.text("environment"),
                    .libraries = {},
                    .lacks_packages = fields.texts("lacks_packages"),
                    .symbols_checked = fields.flag("symbols_checked", false),
                    .remark = fields.text("remark")};
  fields.each("libraries", [&](const Fields& row) {
    ConsumedLibrary library{.name = row.required_text("name"),
                            .path = row.text("path"),
                            .why = row.text("why"),
                            .asked_by = row.text("asked_by"),
                            .kind = row.word("kind", dependency_kind_from),
                            .at_start = row.flag("at_start", false),
                            .lacks = row.texts("lacks"),
                            .unresolved = {},
                            .unresolved_count = row.integer("unresolved_count")};
    row.each("unresolved", [&](const Fields& symbol) {
      library.unresolved.push_back({.name = symbol.required_text("name"), .version = symbol.text("version")});
    });
    consumer.libraries.push_back(std::move(library));
  });
  return consumer;
}

Json gpu_process_to_json(const GpuProcess& process) {
  Json json{{"pid", process.pid},
            {"program", process.program},
            {"driver", fact_to_json(process.driver)},
            {"runtimes", fact_to_json(process.runtimes)},
            {"libraries", process.libraries}};
  set_text(json, "container", process.container);
  return json;
}

GpuProcess gpu_process_from(const Fields& fields) {
  return {.pid = fields.integer("pid"),
          .program = fields.required_text("program"),
          .container = fields.text("container"),
          .driver = fact_from(fields.object("driver")),
          .runtimes = fact_from(fields.object("runtimes")),
          .libraries = fields.texts("libraries")};
}

}  // namespace varve
