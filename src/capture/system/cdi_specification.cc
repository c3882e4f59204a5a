#include "capture/system/cdi_specification.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "capture/system/simple_yaml.h"

namespace varve {

namespace {
constexpr std::size_t kMostPaths = 4096;

Error refused(const std::string& name, const std::string& found) {
  return {"reading a CDI specification", name, found, "Write it anew: nvidia-ctk cdi generate"};
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? clean_utf8(found->get_ref<const std::string&>(), 4096) : "";
}

void add_path(std::vector<std::string>& paths, const std::string& path) {
  if (path.starts_with('/') && paths.size() < kMostPaths) paths.push_back(path);
}

template <class Take>
void each_in(const Json& object, const char* key, const Take& take) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_array()) return;
  for (const Json& entry : *found) take(entry);
}

void add_edits(const Json& holder, CdiSpecification& specification) {
  const auto edits = holder.is_object() ? holder.find("containerEdits") : holder.end();
  if (edits == holder.end()) return;
  each_in(*edits, "deviceNodes", [&](const Json& node) {
    const std::string host = text_in(node, "hostPath");
    add_path(specification.nodes, host.empty() ? text_in(node, "path") : host);
  });
  each_in(*edits, "mounts", [&](const Json& mount) { add_path(specification.files, text_in(mount, "hostPath")); });
  each_in(*edits, "hooks", [&](const Json& hook) { add_path(specification.files, text_in(hook, "path")); });
}

Result<std::optional<Json>> parse(std::string_view text, const std::string& name) {
  if (!name.ends_with(".json")) return parse_simple_yaml(text, name);
  Result<Json> json = parse_json(text, "reading a CDI specification", name);
  if (!json) return json.error();
  return std::optional(std::move(*json));
}
}  // namespace

Result<CdiSpecification> read_cdi_specification(std::string_view text, const std::string& name) {
  Result<std::optional<Json>> parsed = parse(text, name);
  if (!parsed) return parsed.error();
  if (!*parsed) return CdiSpecification{};
  const Json& root = **parsed;
  if (!root.is_object()) return refused(name, "it is no mapping");
  CdiSpecification specification;
  specification.kind = text_in(root, "kind");
  if (text_in(root, "cdiVersion").empty()) return refused(name, "it states no cdiVersion");
  if (specification.kind.empty()) return refused(name, "it states no kind");
  if (specification.kind.find('/') == std::string::npos) {
    return refused(name, "its kind is " + specification.kind + ", not VENDOR/CLASS");
  }
  const auto devices = root.find("devices");
  if (devices == root.end() || !devices->is_array() || devices->empty()) return refused(name, "it names no device");
  add_edits(root, specification);
  for (const Json& device : *devices) {
    add_edits(device, specification);
    if (const std::string called = text_in(device, "name"); !called.empty()) specification.devices.push_back(called);
  }
  return specification;
}

}  // namespace varve
