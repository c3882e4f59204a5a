#include "kernels/kineto/kineto_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"
#include "kernels/json/json_members.h"

namespace varve {

namespace {
using Texts = std::vector<std::string>;

void tell_fact(TraceSink& sink, std::string_view id, Value value, std::string_view key, std::string detail = {}) {
  Fact fact = known_fact(std::move(value), fmt::format("Kineto trace: {}", key));
  fact.detail = std::move(detail);
  sink.fact(id, std::move(fact));
}

std::optional<Json> json_of(std::string_view value) {
  auto read = parse_json(value, "reading a Kineto trace", "");
  return read ? std::optional(std::move(*read)) : std::nullopt;
}

// A text at the end of a path of keys; empty when it is not there or none.
std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return {};
    at = &at->at(key);
  }
  return at->is_string() ? clean_utf8(at->get<std::string>(), 256) : std::string();
}

std::optional<std::int64_t> integer_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return found->get<std::int64_t>();
}

// Devices as the runtime sees them; a name may be empty, and AMD's numbers are no compute capability.
void tell_devices(std::string_view value, TraceSink& sink) {
  const auto devices = json_of(value);
  if (!devices || !devices->is_array() || devices->empty()) return;
  Texts models, capabilities, memory;
  for (const Json& device : *devices) {
    if (!device.is_object()) return;
    const std::string name = text_at(device, {"name"});
    if (!name.empty()) models.push_back(name);
    const auto major = integer_of(device, "computeMajor"), minor = integer_of(device, "computeMinor");
    const auto bytes = integer_of(device, "totalGlobalMem");
    const bool is_cuda = integer_of(device, "warpSize").value_or(32) == 32 && name.find("AMD") == std::string::npos;
    if (major && minor && is_cuda) capabilities.push_back(fmt::format("{}.{}", *major, *minor));
    if (bytes) memory.push_back(fmt::format("{} MiB", *bytes >> 20));
  }
  constexpr std::string_view kKey = "deviceProperties";
  const std::size_t count = devices->size();
  tell_fact(sink, "gpu.count", static_cast<std::int64_t>(count), kKey);
  if (models.size() == count) tell_fact(sink, "gpu.models", std::move(models), kKey);
  if (capabilities.size() == count) tell_fact(sink, "gpu.compute_capabilities", std::move(capabilities), kKey);
  if (memory.size() == count) {
    tell_fact(sink, "gpu.memory", std::move(memory), kKey,
              "totalGlobalMem: what a program can have, not what is built in");
  }
}

void tell_distribution(std::string_view value, TraceSink& sink) {
  constexpr std::string_view kKey = "distributedInfo";
  const auto info = json_of(value);
  if (!info || !info->is_object()) return;
  const auto rank = integer_of(*info, "rank"), of = integer_of(*info, "world_size");
  if (rank && *rank >= 0 && *rank <= INT32_MAX) {
    sink.rank(static_cast<std::int32_t>(*rank), of && *of > 0 && *of <= INT32_MAX ? static_cast<std::int32_t>(*of) : 0);
  }
  const std::string backend = text_at(*info, {"backend"}), nccl = text_at(*info, {"nccl_version"});
  if (!backend.empty()) tell_fact(sink, "trace.distributed_backend", backend, kKey);
  if (!nccl.empty()) tell_fact(sink, "trace.nccl_version", nccl, kKey);
}

bool is_requirement(std::string_view text) {
  const std::size_t equal = text.find("==");
  const auto is_plain = [](char c) { return std::string_view("-_.+!").find(c) != std::string_view::npos; };
  return equal != std::string_view::npos && equal > 0 && text.size() < 128 && !looks_like_secret(text) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_plain(c) || c == '=';
         });
}

// What a collector of traces wrote in front: the system, as Python's module platform knows it.
void tell_collected(std::string_view value, TraceSink& sink) {
  constexpr std::size_t kMostPackages = 5000;
  constexpr std::string_view kKey = "metadata.system";
  const auto metadata = json_of(value);
  if (!metadata || !metadata->is_object() || !metadata->contains("system")) return;
  const Json& system = metadata->at("system");
  struct Row {
    const char *fact, *part, *key;
  };
  constexpr std::array rows = {Row{"os.kernel.release", "uname", "release"}, Row{"os.architecture", "uname", "machine"},
                               Row{"os.name", "os_release", "PRETTY_NAME"}};
  for (const Row& row : rows) {
    if (std::string text = text_at(system, {row.part, row.key}); !text.empty())
      tell_fact(sink, row.fact, std::move(text), kKey);
  }
  if (!system.is_object()) return;
  const Json libc = system.value("libc_ver", Json());
  if (libc.is_array() && libc.size() == 2 && libc[0].is_string() && libc[1].is_string()) {
    tell_fact(sink, "os.libc", clean_utf8(libc[0].get<std::string>() + " " + libc[1].get<std::string>(), 64), kKey);
  }
  const Json packages = system.value("pip_packages", Json());
  if (!packages.is_array()) return;
  Texts known;
  for (const Json& package : packages) {
    if (!package.is_string() || known.size() >= kMostPackages) continue;
    std::string text = package.get<std::string>();
    if (is_requirement(text)) known.push_back(std::move(text));
  }
  if (!known.empty()) tell_fact(sink, "trace.python_packages", std::move(known), kKey);
}

// "12040" is 12.4: cudaRuntimeGetVersion and cuDriverGetVersion, major * 1000 + minor * 10.
std::string cuda_version(std::uint64_t number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

// "71326183" is 7.13.26183: HIP_VERSION, major * 10^7 + minor * 10^5 + patch.
std::string hip_version(std::uint64_t number) {
  return fmt::format("{}.{}.{}", number / 10'000'000, number / 100'000 % 100, number % 100'000);
}

void tell_version(std::string_view key, std::string_view value, TraceSink& sink) {
  constexpr std::uint64_t kLeast = 1000, kMost = 10'000'000'000;
  std::string buffer;
  const std::string text(text_from(value, buffer));
  const auto number = whole_number_from(value);
  const bool is_encoded = number && *number >= kLeast && *number < kMost;
  if (key == "cuda_runtime_version" && is_encoded)
    return tell_fact(sink, "process.runtimes", Texts{cuda_version(*number)}, key);
  if (key == "cuda_driver_version" && is_encoded) {
    return tell_fact(sink, "driver.api_level", cuda_version(*number), key,
                     "what cuDriverGetVersion answers; the version of the driver itself is not told");
  }
  if (key.starts_with("hip_") && is_encoded)
    return tell_fact(sink, fmt::format("trace.{}", key), hip_version(*number), key);
  std::string detail;
  if (key == "cupti_version") detail = "CUPTI counts its versions in two ways: 28, and 130100 for 13.1";
  // Numbers with dots only.
  if (text.empty() || text.size() > 32 || text.find_first_not_of("0123456789.") != std::string::npos) return;
  tell_fact(sink, fmt::format("trace.{}", key), text, key, std::move(detail));
}

// Members of that ending say other things too: which version of a job it is.
bool is_version_key(std::string_view key) {
  constexpr std::array<std::string_view, 9> kOf = {"cuda_",      "cupti_",       "cudnn_", "hip_", "rocm_",
                                                   "roctracer_", "rocprofiler_", "nccl_",  "xpu_"};
  return key.ends_with("_version") && key.size() < 64 &&
         std::any_of(kOf.begin(), kOf.end(), [&](std::string_view of) { return key.starts_with(of); });
}
}  // namespace

void tell_kineto_facts(std::string_view key, std::string_view value, TraceSink& sink) {
  constexpr std::array<std::string_view, 5> kSettings = {"record_shapes", "with_stack", "with_flops", "with_modules",
                                                         "profile_memory"};
  constexpr std::size_t kLargest = std::size_t{1} << 22;
  if (value.size() > kLargest) return;
  if (key == "deviceProperties") return tell_devices(value, sink);
  if (key == "distributedInfo") return tell_distribution(value, sink);
  if (key == "metadata") return tell_collected(value, sink);
  if (key == "baseTimeNanoseconds") {
    const auto base = whole_number_from(value);
    if (base && *base <= INT64_MAX) tell_fact(sink, "trace.base_time_ns", static_cast<std::int64_t>(*base), key);
    return;
  }
  if (std::find(kSettings.begin(), kSettings.end(), key) != kSettings.end()) {
    return tell_fact(sink, fmt::format("trace.{}", key), value == "1" || value == "true", key);
  }
  if (is_version_key(key)) tell_version(key, value, sink);
}

}  // namespace varve
