// docker inspect, podman inspect (the engine's API, "ContainerInspect"): JSON, a member a line or all on one line
// (docker inspect --format '{{json .}}'), whole or cut.
//   "Image": "vllm/vllm-openai:v0.6.3",
//   "Env": [
//       "NVIDIA_VISIBLE_DEVICES=all",
//   "Runtime": "nvidia",
//   "DeviceRequests": [ { "Driver": "", "Count": -1, "DeviceIDs": null, "Capabilities": [ [ "gpu" ] ] } ],
// Of the variables the allow-list's are kept; of names, mounts, networks and labels nothing.
#include "base/text.h"
#include "disclosure/lines/json_lines.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// A member's text: vllm/vllm-openai of  "Image": "vllm/vllm-openai",
std::string_view member(std::string_view text, std::string_view key) {
  if (!text.starts_with('"') || !text.substr(1).starts_with(key)) return {};
  text.remove_prefix(key.size() + 1);
  if (!text.starts_with("\": \"")) return {};
  return up_to(text.substr(4), "\"");
}

// All of it on one line.
bool is_compact(std::string_view text) {
  const bool is_json = text.starts_with('{') || text.starts_with("[{");
  return is_json && text.size() > 40 && (has(text, "\"HostConfig\":{") || has(text, "\"Env\":[\""));
}

class InspectReader : public TextReader {
 public:
  static constexpr const char* kName = "docker inspect";
  const char* name() const override { return kName; }
  void end() override {
    in_variables_ = is_open_ = in_requests_ = may_have_nodes_ = false;
    runtime_.clear();
    asked_.clear();
  }
  bool take(const TextLine& line, Declared& declared) override {
    if (!line.text.empty() && (line.text[0] == '{' || line.text[0] == '[') && is_compact(line.text)) {
      end();
      each_json_line(line.text, [&](std::string_view text) { take_line({text, line.number}, declared); });
      end();
      return true;
    }
    return take_line(line, declared);
  }

 private:
  bool take_line(const TextLine& line, Declared& declared) {
    const std::size_t first = line.text.find_first_not_of(' ');
    if (first == std::string_view::npos || line.text[first] != '"') {
      if (in_variables_ && first != std::string_view::npos && line.text[first] == ']') in_variables_ = false;
      return false;
    }
    const std::string_view text = line.text.substr(first);
    if (in_variables_) {
      const std::size_t equals = text.find('=');
      if (equals == std::string_view::npos || !is_variable_name(text.substr(1, equals - 1))) return true;
      std::string_view value = text.substr(equals + 1);
      while (value.ends_with(',') || value.ends_with('"')) value.remove_suffix(1);
      declare_variable(declared, text.substr(1, equals - 1), value, line.number);
      return true;
    }
    if (text.starts_with("\"Env\": [")) {
      in_variables_ = !text.ends_with("],") && !text.ends_with("]");
      is_open_ = true;
      return true;
    }
    const TextPlace place{kName, line.number};
    if (text.starts_with("\"HostConfig\": {") || text.starts_with("\"DeviceRequests\": [")) is_open_ = true;
    if (const std::string_view image = member(text, "Image"); is_open_ && !image.empty()) {
      if (!image.starts_with("sha256:")) declared.image = clean_utf8(image, 256);
      if (const auto told = framework_image_of(image)) declare_framework_image(declared, *told, line.number);
      declare(declared, "container.kind", "docker", place, "", Standing::inferred);
      return true;
    }
    return is_open_ && take_request(text, place, declared);
  }

  bool take_request(std::string_view text, const TextPlace& place, Declared& declared);

  bool in_variables_ = false;
  bool is_open_ = false;         // a member of a container has been seen
  bool in_requests_ = false;     // the lines of a device request follow
  bool may_have_nodes_ = false;  // privileged, or device nodes of NVIDIA's are named
  std::string runtime_, asked_;
};

// What the container was given. Members stand in the engine's order: Privileged, Runtime, Devices, DeviceRequests. One
// that runs under another runtime than NVIDIA's, names no node and asks for no device has no GPU.
bool InspectReader::take_request(std::string_view text, const TextPlace& place, Declared& declared) {
  if (text.starts_with("\"Privileged\": true") || has(text, "\": \"/dev/nvidia")) may_have_nodes_ = true;
  if (const std::string_view runtime = member(text, "Runtime"); !runtime.empty()) {
    runtime_ = runtime;
    if (runtime_ == "nvidia") may_have_nodes_ = true;
    return true;
  }
  if (text.starts_with("\"DeviceRequests\": ")) {
    in_requests_ = text.ends_with('[');
    if (!in_requests_ && runtime_ == "runc" && !may_have_nodes_) {
      declare(declared, "container.gpu_request", "no GPU", place, "runtime runc, no device request");
    }
    return true;
  }
  if (!in_requests_) return false;
  if (text.starts_with("\"Count\": ")) asked_ = up_to(text.substr(9), ",");
  if (asked_ == "-1") asked_ = "all";
  if (text == "\"gpu\"" || text == "\"gpu\"," || has(text, "[\"gpu\"") || has(text, "nvidia.com/gpu=")) {
    declare(declared, "container.gpu_request", asked_.empty() || asked_ == "0" ? "by name" : asked_, place,
            "DeviceRequests");
    in_requests_ = false;
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> inspect_reader() { return std::make_unique<InspectReader>(); }

}  // namespace varve
