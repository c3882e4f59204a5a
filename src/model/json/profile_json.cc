// Profiles and the table of kernels that their rows point into. A row writes only what it has to say.
#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"
#include "model/words/profile_names.h"

namespace varve {

namespace {

Json kernel_to_json(const Kernel& kernel) {
  Json json{{"name", kernel.key.name},
            {"library", kernel.key.library},
            {"named", std::string(to_string(kernel.named))},
            {"family", std::string(to_string(kernel.meaning.family))}};
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  add("build_id", kernel.key.build_id);
  add("raw_name", kernel.raw_name);
  if (kernel.meaning.base != kernel.key.name) json["base"] = kernel.meaning.base;
  add("algorithm", kernel.meaning.algorithm);
  add("precision", kernel.meaning.precision);
  add("architecture", kernel.meaning.architecture);
  add("origin", kernel.meaning.origin);
  if (kernel.meaning.tensor_cores) json["tensor_cores"] = *kernel.meaning.tensor_cores;
  if (kernel.meaning.compiled) json["compiled"] = true;
  if (kernel.meaning.fused) json["fused"] = true;
  return json;
}

Kernel kernel_from(const Fields& fields) {
  Kernel kernel;
  kernel.key = {fields.required_text("name"), fields.text("library"), fields.text("build_id")};
  kernel.named = fields.word("named", named_from);
  kernel.raw_name = fields.text("raw_name");
  kernel.meaning = {.family = family_from(fields.text("family")),
                    .algorithm = fields.text("algorithm"),
                    .precision = fields.text("precision"),
                    .base = fields.has("base") ? fields.text("base") : kernel.key.name,
                    .architecture = fields.text("architecture"),
                    .origin = fields.text("origin"),
                    .tensor_cores = std::nullopt,
                    .compiled = fields.flag("compiled", false),
                    .fused = fields.flag("fused", false)};
  if (fields.has("tensor_cores")) kernel.meaning.tensor_cores = fields.flag("tensor_cores", false);
  return kernel;
}

void add_durations(const Durations& time, Json& json) {
  json["total_ns"] = time.total_ns;
  if (time.count == 0) return;
  json["count"] = time.count;
  if (!time.has_spread()) return;
  json["min_ns"] = time.min_ns;
  json["max_ns"] = time.max_ns;
  Json numbers = Json::array(), counts = Json::array();
  for (const QuantileSketch::Bucket& bucket : time.quantiles.buckets()) {
    numbers.push_back(bucket.number);
    counts.push_back(bucket.count);
  }
  json["buckets"] = std::move(numbers);
  json["bucket_counts"] = std::move(counts);
}

Durations durations_from(const Fields& fields) {
  Durations time;
  if (!fields.has("total_ns")) fields.reject("total_ns", "the field is missing");
  time.total_ns = fields.nanoseconds("total_ns");
  time.count = fields.count("count");
  if (time.count == 0) return time;
  time.min_ns = fields.nanoseconds("min_ns");
  time.max_ns = fields.nanoseconds("max_ns");
  if (time.min_ns > time.max_ns) fields.reject("min_ns", "it is larger than max_ns");
  const std::vector<std::uint64_t> numbers = fields.counts("buckets"), counts = fields.counts("bucket_counts");
  if (numbers.size() != counts.size()) fields.reject("bucket_counts", "there is not one for each bucket");
  for (std::size_t i = 0; i < std::min(numbers.size(), counts.size()); ++i) {
    if (numbers[i] >= QuantileSketch::kBuckets) {
      fields.reject("buckets", "there is no such bucket");
      break;
    }
    time.quantiles.add_bucket(static_cast<std::uint16_t>(numbers[i]), counts[i]);
  }
  if (time.quantiles.count() > time.count) fields.reject("bucket_counts", "they add up to more than the count");
  return time;
}

Json row_to_json(const ProfileRow& row) {
  const RowKey& key = row.key;
  Json json{{"kernel", static_cast<std::uint32_t>(key.kernel)}};
  if (key.activity != Activity::code) json["activity"] = std::string(to_string(key.activity));
  if (key.operation != kNoKernel) json["operation"] = static_cast<std::uint32_t>(key.operation);
  if (key.place.rank >= 0) json["rank"] = key.place.rank;
  if (key.place.device >= 0) json["device"] = key.place.device;
  if (key.place.stream >= 0) json["stream"] = key.place.stream;
  if (key.launch != Launch{}) {
    json["grid"] = key.launch.grid;
    json["block"] = key.launch.block;
    json["registers"] = key.launch.registers;
    json["shared_bytes"] = key.launch.shared_bytes;
  }
  add_durations(row.time, json);
  if (row.nested_ns > 0) json["nested_ns"] = row.nested_ns;
  if (row.joined_ns > 0) json["joined_ns"] = row.joined_ns;
  if (row.impossible_ns > 0) json["impossible_ns"] = row.impossible_ns;
  if (row.share_ns > 0) json["share_ns"] = row.share_ns;
  if (row.alone_ns > 0) json["alone_ns"] = row.alone_ns;
  if (row.samples > 0) json["samples"] = row.samples;
  if (row.bytes > 0) json["bytes"] = row.bytes;
  return json;
}

std::array<std::uint32_t, 3> shape_from(const Fields& fields, const char* key) {
  std::array<std::uint32_t, 3> shape{};
  const std::vector<std::uint64_t> sizes = fields.counts(key);
  if (!sizes.empty() && sizes.size() != shape.size()) fields.reject(key, "a shape has three sizes");
  for (std::size_t i = 0; i < std::min(sizes.size(), shape.size()); ++i) {
    if (sizes[i] > UINT32_MAX) fields.reject(key, "this is out of range");
    shape[i] = static_cast<std::uint32_t>(sizes[i]);
  }
  return shape;
}

KernelId kernel_id_from(const Fields& fields, const char* key, const KernelIdMap& kernels) {
  const std::uint64_t index = fields.count(key);
  if (index < kernels.size()) return kernels[index];
  fields.reject(key, "it points outside the table of kernels");
  return kNoKernel;
}

ProfileRow row_from(const Fields& fields, const KernelIdMap& kernels) {
  ProfileRow row;
  row.key.kernel = kernel_id_from(fields, "kernel", kernels);
  if (fields.has("activity")) row.key.activity = fields.word("activity", activity_from);
  if (fields.has("operation")) row.key.operation = kernel_id_from(fields, "operation", kernels);
  row.key.place = {small_number<std::int32_t>(fields, "rank", -1), small_number<std::int32_t>(fields, "device", -1),
                   small_number<std::int64_t>(fields, "stream", -1)};
  row.key.launch = {shape_from(fields, "grid"), shape_from(fields, "block"),
                    small_number<std::uint32_t>(fields, "registers", 0),
                    small_number<std::uint32_t>(fields, "shared_bytes", 0)};
  row.time = durations_from(fields);
  if (fields.has("nested_ns")) row.nested_ns = fields.nanoseconds("nested_ns");
  if (fields.has("joined_ns")) row.joined_ns = fields.nanoseconds("joined_ns");
  if (row.joined_ns > row.time.total_ns) fields.reject("joined_ns", "it is more than total_ns");
  if (fields.has("impossible_ns")) row.impossible_ns = fields.nanoseconds("impossible_ns");
  if (fields.has("share_ns")) row.share_ns = fields.nanoseconds("share_ns");
  if (fields.has("alone_ns")) row.alone_ns = fields.nanoseconds("alone_ns");
  if (row.impossible_ns > row.time.total_ns) fields.reject("impossible_ns", "it is more than total_ns");
  row.samples = fields.count("samples");
  row.bytes = fields.count("bytes");
  return row;
}

Json profile_to_json(ProfileKind kind, const Profile& profile) {
  Json rows = Json::array();
  for (const ProfileRow& row : profile.rows) rows.push_back(row_to_json(row));
  Json parts = Json::object();
  for (const auto& [part, ns] : profile.parts) parts[std::string(to_string(part))] = ns;
  Json json = Json::object();
  json["witness"] = std::string(to_string(kind.witness));
  json["quantity"] = std::string(to_string(kind.quantity));
  json["scopes"] = profile.scopes;
  json["periods_ns"] = profile.periods_ns;
  json["lost"] = profile.lost;
  json["window_ns"] = profile.window_ns;
  json["whole_ns"] = profile.whole_ns;
  json["rows"] = std::move(rows);
  json["parts"] = std::move(parts);
  json["unseen"] = profile.unseen;
  if (profile.before_ns > 0) json["before_ns"] = profile.before_ns;
  if (profile.between_ns > 0) json["between_ns"] = profile.between_ns;
  if (profile.after_ns > 0) json["after_ns"] = profile.after_ns;
  return json;
}

ProfileKind kind_from(const Fields& fields) {
  return {fields.word("witness", witness_from), fields.word("quantity", quantity_from)};
}

Profile profile_from(const Fields& fields, const KernelIdMap& kernels) {
  Profile profile;
  for (std::string& scope : fields.texts("scopes")) profile.scopes.insert(std::move(scope));
  for (const std::uint64_t period : fields.counts("periods_ns")) {
    profile.periods_ns.insert(static_cast<std::int64_t>(period));
  }
  profile.lost = fields.count("lost");
  profile.window_ns = fields.nanoseconds("window_ns");
  profile.whole_ns = fields.nanoseconds("whole_ns");
  profile.before_ns = fields.nanoseconds("before_ns");
  profile.between_ns = fields.nanoseconds("between_ns");
  profile.after_ns = fields.nanoseconds("after_ns");
  std::vector<ProfileRow> rows;
  fields.each("rows", [&](const Fields& row) { rows.push_back(row_from(row, kernels)); });
  add_rows(profile, std::move(rows));
  profile.parts = parts_from(fields, "parts");
  if (!profile.parts.empty() && profile.undivided_ns() < 0) fields.reject("parts", "they are more than the window");
  for (std::string& reason : fields.texts("unseen")) profile.unseen.insert(std::move(reason));
  return profile;
}

}  // namespace

Json kernels_to_json(const KernelTable& kernels) {
  Json list = Json::array();
  for (const Kernel& kernel : kernels.kernels()) list.push_back(kernel_to_json(kernel));
  return list;
}

std::map<Part, std::int64_t> parts_from(const Fields& fields, const char* key) {
  std::map<Part, std::int64_t> parts;
  const Fields written = fields.object(key);
  for (const Part part : kAllParts) {
    const std::string word(to_string(part));
    if (written.has(word.c_str())) parts[part] = written.nanoseconds(word.c_str());
  }
  return parts;
}

KernelIdMap kernels_from(const Fields& fields, const char* key, KernelTable& kernels) {
  KernelIdMap ids;
  fields.each(key, [&](const Fields& row) { ids.push_back(kernels.intern(kernel_from(row))); });
  return ids;
}

Json profiles_to_json(const Profiles& profiles) {
  Json seen = Json::array(), absent = Json::array();
  for (const auto& [kind, profile] : profiles.by_kind) seen.push_back(profile_to_json(kind, profile));
  for (const auto& [unseen, times] : profiles.absent) {
    absent.push_back({{"witness", std::string(to_string(unseen.kind.witness))},
                      {"quantity", std::string(to_string(unseen.kind.quantity))},
                      {"reason", unseen.reason},
                      {"times", times}});
  }
  Json json = Json::object();
  json["seen"] = std::move(seen);
  json["absent"] = std::move(absent);
  return json;
}

Profiles profiles_from(const Fields& fields, const KernelIdMap& kernels) {
  Profiles profiles;
  fields.each("seen", [&](const Fields& row) {
    const ProfileKind kind = kind_from(row);
    if (profiles.by_kind.contains(kind)) row.reject("witness", "it has two profiles of one quantity");
    profiles.by_kind[kind] = profile_from(row, kernels);
  });
  fields.each("absent", [&](const Fields& row) {
    profiles.absent[{kind_from(row), row.required_text("reason")}] = std::max<std::uint64_t>(1, row.count("times"));
  });
  return profiles;
}

}  // namespace varve
