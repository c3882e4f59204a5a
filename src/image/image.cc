#include "image/image.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base/text.h"
#include "image/image_layers.h"
#include "image/image_manifest.h"

namespace varve {

namespace {
constexpr std::size_t kInflatedPiece = std::size_t{1} << 20;
constexpr const char* kRoomHint = "Set TMPDIR to a folder with room for the whole archive, or decompress it first";

Error failure(const std::string& path, std::string found, std::string hint = {}) {
  return {"opening an image", path, std::move(found), std::move(hint)};
}

struct Container {
  std::unique_ptr<Files> files;
  bool archive = false;
};

// A file without a name: gone when nobody has it open any more.
FileHandle unnamed_file() {
  const char* chosen = std::getenv("TMPDIR");
  for (const std::string& folder :
       {std::string(chosen == nullptr ? "" : chosen), std::string("/var/tmp"), std::string("/tmp")}) {
    if (folder.empty()) continue;
    FileHandle file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    std::string name = folder + "/varve-image-XXXXXX";  // not every file system can do without a name
    file = FileHandle(::mkostemp(name.data(), O_CLOEXEC));
    if (file && ::unlink(name.c_str()) == 0) return file;
  }
  return FileHandle();
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return true;
}

// docker save NAME | gzip: the parts of an image are read in another order than they stand in.
Result<FileReader> inflate_archive(const FileReader& archive, const std::string& path, const InflateLimits& limits) {
  const Result<std::unique_ptr<ByteStream>> stream = open_stream(archive, path, limits);
  if (!stream) return stream.error();
  FileHandle file = unnamed_file();
  if (!file) return failure(path, fmt::format("no room to inflate it: {}", std::strerror(errno)), kRoomHint);
  while (true) {
    const Result<std::span<const std::byte>> piece = (*stream)->next(kInflatedPiece);
    if (!piece) return piece.error();
    if (piece->empty()) return FileReader::open(std::move(file), path);
    if (write_all(file.fd(), *piece)) continue;
    return failure(path, fmt::format("no room to inflate it: {}", std::strerror(errno)), kRoomHint);
  }
}

Result<Container> open_container(const std::string& path, const InflateLimits& limits) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return failure(path, std::strerror(errno), "Give an archive or a directory");
  if (S_ISDIR(status.st_mode)) {
    Looked<std::unique_ptr<Files>> files = open_root(path);
    if (!files) return failure(path, files.detail);
    return Container{std::move(*files), false};
  }
  if (!S_ISREG(status.st_mode)) return failure(path, "it is neither a file nor a directory");
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!handle) return failure(path, std::strerror(errno));
  Result<FileReader> file = FileReader::open(std::move(handle), path);
  if (!file) return file.error();
  if (compression_of(*file) != Compression::none) {
    file = inflate_archive(*file, path, limits);
    if (!file) return file.error();
  }
  Result<std::unique_ptr<Files>> files = open_tar(*file, path);
  if (!files) return files.error();
  return Container{std::move(*files), true};
}

// A layer's digest is that of its blob; docker-save states only that of the uncompressed layer.
Status verify_layer(const PlannedLayer& layer, const InflateLimits& limits) {
  if (!layer.digest.empty()) return verify_digest(layer.blob, layer.digest, layer.where);
  if (layer.diff_id.empty()) {
    return Error{"checking the digests of an image", layer.where, "the image states no digest of it",
                 "Leave out --verify"};
  }
  return verify_inflated_digest(layer.blob, layer.diff_id, layer.where, limits);
}

// Where the tree shows a file under another path than the one it was inspected by. `path` is that of the directory; it
// is lengthened in place, since links can make paths far longer than any name in the archives.
void find_other_names(const ImageTree& tree, std::uint32_t index, std::string& path,
                      const std::vector<std::string>& inspected, std::map<std::string, std::string>& names) {
  for (const auto& [name, child] : tree.node(index).children) {
    const ImageNode& node = tree.node(child);
    const std::size_t length = path.size();
    path.append("/").append(name);
    if (node.kind == FileKind::directory) {
      find_other_names(tree, child, path, inspected, names);
    } else if (node.kind == FileKind::regular && node.content.state == ImageContent::State::inspected &&
               inspected[node.content.offset] != path) {
      names[path] = inspected[node.content.offset];
    }
    path.resize(length);
  }
}
constexpr std::uint64_t kMostScript = std::uint64_t{64} << 10;

// A script that the image starts, under whatever folder it is found.
bool is_started(const std::vector<std::string>& start, std::string_view path) {
  return std::any_of(start.begin(), start.end(),
                     [&](const std::string& word) { return file_name(word) == file_name(path); });
}
}  // namespace

ImageName image_name_from(const std::string& text) {
  struct stat status = {};
  const auto is_there = [&](const std::string& path) { return ::stat(path.c_str(), &status) == 0; };
  if (is_there(text)) return {text, ""};
  for (std::size_t colon = text.rfind(':'); colon != std::string::npos && colon > 0;
       colon = text.rfind(':', colon - 1)) {
    if (is_there(text.substr(0, colon))) return {text.substr(0, colon), text.substr(colon + 1)};
  }
  return {text, ""};
}

Result<OpenedImage> open_image(const std::string& path, const ImageOptions& options) {
  const Result<Container> container = open_container(path, options.limits.inflate);
  if (!container) return container.error();
  Result<ImagePlan> plan = read_image_plan(*container->files, path, container->archive, options);
  if (!plan) return plan.error();
  if (options.verify) {
    for (const PlannedLayer& layer : plan->layers) {
      if (Status right = verify_layer(layer, options.limits.inflate); !right) return right.error();
    }
  }
  OpenedImage opened;
  opened.image = std::move(plan->image);
  opened.environment = std::move(plan->environment);
  opened.remarks = std::move(plan->remarks);
  if (opened.image.digest.is_known()) {
    opened.image.digest.detail = options.verify
                                     ? "computed: the manifest, its configuration and all layers have their digests"
                                     : "the manifest and its configuration have their digests, layers were not checked";
  }
  ImageOptions reading = options;
  reading.keep = [&](std::string_view member, std::uint64_t size) {
    return (options.keep && options.keep(member, size)) || (size <= kMostScript && is_started(plan->start, member));
  };
  Result<ReadLayers> layers = read_layers(plan->layers, reading, opened.remarks);
  if (!layers) return layers.error();
  std::string root;
  find_other_names(layers->file_system->tree, 0, root, layers->inspected, opened.inspected_as);
  opened.start = std::move(plan->start);
  opened.working_directory = std::move(plan->working_directory);
  opened.files = image_files(std::move(layers->file_system));
  return opened;
}

}  // namespace varve
