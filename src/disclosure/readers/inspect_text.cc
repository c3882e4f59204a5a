// docker inspect, podman inspect (the engine's API, "ContainerInspect"): JSON, a member a line, whole or cut.
//   "Image": "vllm/vllm-openai:v0.6.3",
//   "Env": [
//       "NVIDIA_VISIBLE_DEVICES=all",
//   "Runtime": "nvidia",
// Of the variables the allow-list's are kept; of names, mounts, networks and labels nothing.
#include "base/text.h"
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

class InspectReader : public TextReader {
 public:
  static constexpr const char* kName = "docker inspect";
  const char* name() const override { return kName; }
  void end() override { in_variables_ = is_open_ = false; }
  bool take(const TextLine& line, Declared& declared) override {
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
      declare(declared, "container.kind", "docker", place, "", Standing::inferred);
      return true;
    }
    return is_open_ && text.starts_with("\"Runtime\": ");
  }

 private:
  bool in_variables_ = false;
  bool is_open_ = false;  // a member of a container has been seen
};
}  // namespace

std::unique_ptr<TextReader> inspect_reader() { return std::make_unique<InspectReader>(); }

}  // namespace varve
