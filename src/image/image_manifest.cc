#include "image/image_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "model/json/json_fields.h"

namespace varve {

namespace {
constexpr std::size_t kMaxDocument = std::size_t{16} << 20;   // registries refuse manifests of more than 4 MiB
constexpr std::size_t kMaxDocuments = std::size_t{64} << 20;  // all read: an index may name one 4096 times
constexpr int kMaxNesting = 4;
constexpr std::size_t kMaxDescriptors = 4096;
constexpr std::size_t kMaxLayers = 1000;  // Docker takes 127
constexpr std::size_t kMaxEnvironment = 4096;
constexpr std::size_t kMaxStart = 256;  // words
constexpr std::size_t kMaxValue = 4096;

constexpr std::string_view kReferenceName = "org.opencontainers.image.ref.name";

// Labels and annotations that enter a document. Others may hold anything, names of people and hosts included.
bool is_allowed_label(std::string_view name) {
  static constexpr std::string_view kAllowed[] = {
      "org.opencontainers.image.version",     "org.opencontainers.image.revision",
      "org.opencontainers.image.created",     "org.opencontainers.image.source",
      "org.opencontainers.image.title",       "org.opencontainers.image.base.name",
      "org.opencontainers.image.base.digest", kReferenceName};
  return name.starts_with("com.nvidia.") ||
         std::find(std::begin(kAllowed), std::end(kAllowed), name) != std::end(kAllowed);
}

// OCI's content descriptor.
struct Descriptor {
  std::string media_type, digest, platform;
  std::vector<std::string> names;  // the whole one first: "docker.io/library/app:1", "1"
  std::optional<std::int64_t> size;
  std::map<std::string, std::string> annotations;
  std::string source;  // "index.json: manifests[0]"
};

std::string platform_of(const Fields& fields) {
  const std::string system = fields.text("os");
  const std::string architecture = fields.text("architecture");
  const std::string variant = fields.text("variant");
  if (system.empty() && architecture.empty()) return "";
  return fmt::format("{}/{}{}{}", system, architecture, variant.empty() ? "" : "/", variant);
}

std::map<std::string, std::string> texts_of(const Fields& fields, const char* key) {
  std::map<std::string, std::string> texts;
  fields.each_text(key, [&](const std::string& name, const std::string& text) { texts[name] = text; });
  return texts;
}

Descriptor descriptor_of(const Fields& fields, const std::string& source) {
  Descriptor descriptor;
  descriptor.media_type = fields.text("mediaType");
  descriptor.digest = fields.required_text("digest");
  descriptor.size = fields.optional_integer("size");
  if (fields.has("platform")) descriptor.platform = platform_of(fields.object("platform"));
  descriptor.annotations = texts_of(fields, "annotations");
  for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
    const auto found = descriptor.annotations.find(key);
    if (found != descriptor.annotations.end()) descriptor.names.push_back(found->second);
  }
  descriptor.source = source;
  return descriptor;
}

// Whether a name of an image is what somebody calls it: the whole, or what stands behind a slash or a colon in it.
bool is_called(const std::string& name, const std::string& wanted) {
  return name == wanted || name.ends_with("/" + wanted) || name.ends_with(":" + wanted);
}

bool is_called(const std::vector<std::string>& names, const std::string& wanted) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return is_called(name, wanted); });
}

class PlanReader {
 public:
  PlanReader(const Files& container, std::string path, bool archive, const ImageOptions& options)
      : container_(container), path_(std::move(path)), archive_(archive), options_(options) {}

  Result<ImagePlan> read() {
    if (container_.exists("/index.json")) return read_oci();
    if (container_.exists("/manifest.json")) return read_docker();
    const bool root = container_.exists("/etc") && container_.exists("/usr");
    return failure("", "it is no OCI layout and no docker-save archive: it has neither index.json nor manifest.json",
                   root ? "This is a file system: unpack it and use --root"
                        : "Write one with: docker save NAME -o FILE, or skopeo copy docker://NAME oci-archive:FILE");
  }

 private:
  struct Document {
    Json json;
    std::string where;
  };

  Error failure(const std::string& part, std::string found, std::string hint = {}) const {
    return {"reading an image", part.empty() ? path_ : fmt::format("{}: {}", path_, part), std::move(found),
            std::move(hint)};
  }

  Error misread(const Error& problem, const std::string& part) const {
    return failure(fmt::format("{}, {}", part, problem.where), problem.found, "The image may be damaged");
  }

  Result<Document> read_document(const std::string& file, const std::string& part, const std::string& digest) {
    const Looked<std::string> text = container_.read(file, kMaxDocument);
    if (!text) return failure(part, fmt::format("{}: {}", file, text.detail), "The archive may be incomplete");
    document_bytes_ += text->size();
    if (document_bytes_ > kMaxDocuments) return failure(part, "its documents are more than 64 MiB together");
    const std::string where = fmt::format("{}: {}", path_, part);
    if (!digest.empty()) {
      if (Status right = verify_digest(*text, digest, where); !right) return right.error();
    }
    Result<Json> json = parse_json(*text, "reading an image", where);
    if (!json) return json.error();
    return Document{std::move(*json), part};
  }

  Result<Document> read_blob(const Descriptor& descriptor) {
    const Result<std::string> file = blob_path(descriptor.digest, path_ + ": " + descriptor.source);
    if (!file) return file.error();
    return read_document(*file, descriptor.source, descriptor.digest);
  }

  // All image manifests that an index names, nested ones included. Those of other platforms are often not there: an
  // index that was saved whole with one platform's content.
  Status find_manifests(const Document& index, const std::vector<std::string>& names, int depth,
                        std::vector<Descriptor>& found) {
    if (depth > kMaxNesting) return failure(index.where, "its indices are nested too deep");
    std::optional<Error> problem;
    const Fields fields(index.json, "", problem);
    std::vector<Descriptor> here;
    fields.each("manifests", [&](const Fields& entry) {
      here.push_back(descriptor_of(entry, fmt::format("{}: manifests[{}]", index.where, here.size())));
    });
    if (problem) return misread(*problem, index.where);
    for (Descriptor& descriptor : here) {
      if (++descriptors_ > kMaxDescriptors) return failure(index.where, "it names too many manifests");
      if (descriptor.names.empty()) descriptor.names = names;
      // Attestations of how the image was built stand beside it, for a platform that is none.
      if (descriptor.platform == "unknown/unknown" || descriptor.annotations.contains("vnd.docker.reference.type"))
        continue;
      const Result<std::string> file = blob_path(descriptor.digest, path_ + ": " + descriptor.source);
      if (!file) return file.error();
      if (!container_.exists(*file)) {
        missing_.push_back(descriptor);
        continue;
      }
      const bool may_be_index = descriptor.media_type.empty() ||
                                descriptor.media_type.find("index") != std::string::npos ||
                                descriptor.media_type.find("manifest.list") != std::string::npos;
      if (may_be_index) {
        const Result<Document> nested = read_blob(descriptor);
        if (!nested) return nested.error();
        if (nested->json.is_object() && nested->json.contains("manifests")) {
          if (Status done = find_manifests(*nested, descriptor.names, depth + 1, found); !done) return done;
          continue;
        }
      }
      found.push_back(std::move(descriptor));
    }
    return Done{};
  }

  bool is_wanted_platform(const Descriptor& descriptor) const {
    return descriptor.platform.empty() || descriptor.platform == options_.platform;
  }

  Result<Descriptor> choose(std::vector<Descriptor> found) const {
    if (!options_.name.empty()) {
      std::vector<std::string> there;
      for (const Descriptor& descriptor : found) there.push_back(title_of(descriptor));
      std::erase_if(found, [&](const Descriptor& descriptor) {
        return descriptor.digest != options_.name && !is_called(descriptor.names, options_.name);
      });
      if (found.empty()) return no_such_name(there);
    }
    if (found.empty()) {
      return failure("", missing_.empty() ? "its index names no image" : "none of the images its index names is in it",
                     "The archive may be incomplete: save it again");
    }
    if (found.size() > 1) {
      std::vector<std::string> platforms;
      for (const Descriptor& descriptor : found) platforms.push_back(descriptor.platform);
      std::erase_if(found, [&](const Descriptor& descriptor) { return !is_wanted_platform(descriptor); });
      if (found.empty()) {
        return failure("", fmt::format("it has images for {}, none for {}", join(platforms, ", "), options_.platform));
      }
    }
    // The same manifest under two tags is one image.
    const bool same = std::all_of(found.begin(), found.end(),
                                  [&](const Descriptor& descriptor) { return descriptor.digest == found[0].digest; });
    if (same) return found[0];
    std::vector<std::string> names;
    for (const Descriptor& descriptor : found) names.push_back(title_of(descriptor));
    return several(names);
  }

  static std::string title_of(const Descriptor& descriptor) {
    return descriptor.names.empty() ? descriptor.digest : descriptor.names.front();
  }

  Error no_such_name(const std::vector<std::string>& there) const {
    const std::string list = there.empty() ? "" : "It holds " + clean_utf8(join(there, ", "), 1000);
    return failure("", fmt::format("it holds no image named \"{}\"", options_.name), list);
  }

  Error several(const std::vector<std::string>& names) const {
    return failure("", fmt::format("it holds several images: {}", clean_utf8(join(names, ", "), 1000)),
                   fmt::format("Choose one: {}:{}", path_, clean_utf8(names.front(), 200)));
  }

  Result<ImagePlan> read_oci() {
    const Result<Document> index = read_document("/index.json", "index.json", "");
    if (!index) return index.error();
    std::vector<Descriptor> found;
    if (Status done = find_manifests(*index, {}, 0, found); !done) return done.error();
    const Result<Descriptor> chosen = choose(std::move(found));
    if (!chosen) return chosen.error();
    plan_.image.format = archive_ ? ImageFormat::oci_archive : ImageFormat::oci_layout;
    plan_.image.name = chosen->names.empty() ? "" : clean_utf8(chosen->names.front(), kMaxValue);
    plan_.image.digest = known_fact(chosen->digest, chosen->source + ".digest");
    const Result<Document> manifest = read_blob(*chosen);
    if (!manifest) return manifest.error();
    return read_manifest(*manifest, *chosen);
  }

  Result<ImagePlan> read_manifest(const Document& manifest, const Descriptor& chosen) {
    std::optional<Error> problem;
    const Fields fields(manifest.json, "", problem);
    const Descriptor config = descriptor_of(fields.object("config"), "configuration");
    std::vector<Descriptor> layers;
    fields.each("layers", [&](const Fields& layer) {
      layers.push_back(descriptor_of(layer, fmt::format("layer {}", layers.size() + 1)));
    });
    const std::map<std::string, std::string> annotations = texts_of(fields, "annotations");
    if (problem) return misread(*problem, "manifest");
    const Result<std::string> file = blob_path(config.digest, path_ + ": configuration");
    if (!file) return file.error();
    const Result<Document> document = read_document(*file, "configuration", config.digest);
    if (!document) return document.error();
    if (Status done = read_configuration(*document); !done) return done.error();
    for (const auto* texts : {&annotations, &chosen.annotations}) add_labels(*texts);
    for (const Descriptor& layer : layers) {
      const Result<std::string> blob = blob_path(layer.digest, path_ + ": " + layer.source);
      if (!blob) return blob.error();
      if (Status done = add_layer(*blob, layer, layers.size()); !done) return done.error();
    }
    return std::move(plan_);
  }

  Status add_layer(const std::string& file, const Descriptor& layer, std::size_t count) {
    const std::size_t index = plan_.layers.size();
    if (count > kMaxLayers) return failure("manifest", fmt::format("it has more than {} layers", kMaxLayers));
    const std::string where = fmt::format("layer {} of {}", index + 1, count);
    Looked<FileReader> blob = container_.open(file);
    if (!blob) return failure(where, fmt::format("{}: {}", file, blob.detail), "The archive may be incomplete");
    if (layer.size && static_cast<std::uint64_t>(*layer.size) != blob->size()) {
      return failure(where, fmt::format("it has {} bytes, the manifest states {}", blob->size(), *layer.size),
                     "The file may be truncated");
    }
    if (layer.media_type.ends_with("+encrypted")) return failure(where, "it is encrypted", "Decrypt the image first");
    std::string media_type = layer.media_type;
    if (media_type.empty()) {
      const Compression compression = compression_of(*blob);
      media_type = compression == Compression::gzip   ? "tar+gzip"
                   : compression == Compression::zstd ? "tar+zstd"
                                                      : "tar";
    }
    plan_.image.layers.push_back({layer.digest, clean_utf8(media_type, kMaxValue), blob->size()});
    std::string diff_id = index < diff_ids_.size() ? diff_ids_[index] : "";
    plan_.layers.push_back({std::move(*blob), fmt::format("{}: {}", path_, where), layer.digest, std::move(diff_id)});
    return Done{};
  }

  void add_labels(const std::map<std::string, std::string>& labels) {
    for (const auto& [name, value] : labels) {
      if (is_allowed_label(name)) plan_.image.labels.emplace(clean_utf8(name, kMaxValue), clean_utf8(value, kMaxValue));
    }
  }

  Status read_configuration(const Document& document) {
    std::optional<Error> problem;
    const Fields fields(document.json, "", problem);
    plan_.image.platform = clean_utf8(platform_of(fields), kMaxValue);
    const std::string system = fields.text("os");
    const Fields config = fields.object("config");
    const std::vector<std::string> environment = config.texts("Env");
    std::vector<std::string> start = config.texts("Entrypoint"), arguments = config.texts("Cmd");
    const std::string working_directory = config.text("WorkingDir");
    const std::map<std::string, std::string> labels = texts_of(config, "Labels");
    diff_ids_ = fields.object("rootfs").texts("diff_ids");
    if (problem) return misread(*problem, document.where);
    if (!system.empty() && system != "linux") {
      return failure(document.where, fmt::format("it is an image for {}", plan_.image.platform),
                     "Only images for Linux are read");
    }
    if (environment.size() > kMaxEnvironment) return failure(document.where, "it sets too many variables");
    add_labels(labels);
    std::move(arguments.begin(), arguments.end(), std::back_inserter(start));
    if (start.size() <= kMaxStart) plan_.start = std::move(start);
    plan_.working_directory = working_directory;
    for (const std::string& variable : environment) {
      const std::size_t equals = variable.find('=');
      if (equals == 0 || equals == std::string::npos) continue;
      plan_.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
    }
    for (const auto& [name, value] : plan_.environment) {
      if (name.starts_with("NVIDIA_REQUIRE_")) plan_.image.requirements[name] = clean_utf8(value, kMaxValue);
    }
    return Done{};
  }

  // docker save: [{"Config": "x.json", "RepoTags": ["name:tag"], "Layers": ["y/layer.tar", …]}]
  struct Saved {
    std::string config;
    std::vector<std::string> tags, layers;
  };

  Result<Saved> choose_saved(const Document& document) const {
    std::optional<Error> problem;
    std::vector<Saved> all;
    if (!document.json.is_array()) return failure("manifest.json", "this is not a list", "The archive may be damaged");
    for (const Json& entry : document.json) {
      const Fields fields(entry, fmt::format("[{}]", all.size()), problem);
      all.push_back({fields.required_text("Config"), fields.texts("RepoTags"), fields.texts("Layers")});
    }
    if (problem) return misread(*problem, "manifest.json");
    std::vector<std::string> names;
    for (const Saved& saved : all) names.push_back(saved.tags.empty() ? saved.config : saved.tags[0]);
    if (!options_.name.empty()) {
      std::erase_if(all, [&](const Saved& saved) { return !is_called(saved.tags, options_.name); });
      if (all.empty()) return no_such_name(names);
    }
    if (all.size() == 1) return all[0];
    if (all.empty()) return failure("", "it holds no image");
    return several(names);
  }

  Result<ImagePlan> read_docker() {
    const Result<Document> document = read_document("/manifest.json", "manifest.json", "");
    if (!document) return document.error();
    const Result<Saved> saved = choose_saved(*document);
    if (!saved) return saved.error();
    plan_.image.format = archive_ ? ImageFormat::docker_archive : ImageFormat::docker_directory;
    if (!saved->tags.empty()) {
      const auto& tags = saved->tags;
      const auto asked = std::find_if(tags.begin(), tags.end(), [&](const std::string& tag) {
        return options_.name.empty() || is_called(tag, options_.name);
      });
      plan_.image.name = clean_utf8(asked == tags.end() ? tags.front() : *asked, kMaxValue);
    }
    plan_.image.digest =
        missing_fact(Missing::absent, "manifest.json", "docker-save archives state no digest of a manifest");
    const Result<Document> config = read_document("/" + saved->config, "configuration", "");
    if (!config) return config.error();
    if (Status done = read_configuration(*config); !done) return done.error();
    for (const std::string& layer : saved->layers) {
      if (Status done = add_layer("/" + layer, {}, saved->layers.size()); !done) return done.error();
    }
    return std::move(plan_);
  }

  const Files& container_;
  std::string path_;
  bool archive_;
  const ImageOptions& options_;
  ImagePlan plan_;
  std::vector<std::string> diff_ids_;
  std::vector<Descriptor> missing_;
  std::size_t descriptors_ = 0;
  std::size_t document_bytes_ = 0;
};
}  // namespace

Result<ImagePlan> read_image_plan(const Files& container, const std::string& path, bool archive,
                                  const ImageOptions& options) {
  return PlanReader(container, path, archive, options).read();
}

}  // namespace varve
