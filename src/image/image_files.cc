#include "image/image_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>

#include "base/units.h"
#include "world/path_walk.h"

namespace varve {

namespace {
constexpr std::size_t kMaxEntries = 65536;

template <class T>
Looked<T> failed(int error) {
  const PathFailure failure = path_failure(error);
  return {std::nullopt, failure.failure, failure.detail};
}

template <class T>
Looked<T> unreadable(std::string detail) {
  return {std::nullopt, LookFailure::unreadable, std::move(detail)};
}

std::string why_unreadable(ImageContent::State state) {
  switch (state) {
    case ImageContent::State::inspected:
      return "in a compressed layer, looked at while it was read";
    case ImageContent::State::passed_over:
      return "in a compressed layer, passed over while it was read";
    case ImageContent::State::too_large:
      return "in a compressed layer, and too large to be looked at while it was read";
    case ImageContent::State::sparse:
      return "a sparse file";
    case ImageContent::State::lost:
      return "a hard link to a file that is not in the image";
    default:
      return "its archive ends before it";
  }
}

class ImageFiles : public Files {
 public:
  ImageFiles(std::shared_ptr<const ImageFileSystem> image, std::uint32_t root)
      : image_(std::move(image)), root_(root) {}

  Looked<std::string> read(std::string_view path, std::size_t cap) const override {
    const Looked<FileReader> file = open(path);
    if (!file) return {std::nullopt, file.failure, file.detail};
    if (file->size() > cap) return unreadable<std::string>("larger than " + format_bytes(cap));
    std::string text(file->size(), '\0');
    if (!file->read(0, std::as_writable_bytes(std::span(text)))) return unreadable<std::string>("it cannot be read");
    return {std::move(text), {}, {}};
  }

  Looked<std::vector<std::string>> list(std::string_view path) const override {
    using Names = std::vector<std::string>;
    const Looked<std::uint32_t> found = find(path, true);
    if (!found) return {std::nullopt, found.failure, found.detail};
    const ImageNode& node = image_->tree.node(*found);
    if (node.kind != FileKind::directory) return failed<Names>(ENOTDIR);
    if (node.children.size() > kMaxEntries) return unreadable<Names>(fmt::format("more than {} entries", kMaxEntries));
    Names names;
    for (const auto& [name, child] : node.children) names.push_back(name);
    return {std::move(names), {}, {}};
  }

  Looked<std::string> read_link(std::string_view path) const override {
    const Looked<std::uint32_t> found = find(path, false);
    if (!found) return {std::nullopt, found.failure, found.detail};
    const ImageNode& node = image_->tree.node(*found);
    if (node.kind != FileKind::link) return unreadable<std::string>("not a symbolic link");
    return {node.link, {}, {}};
  }

  Looked<FileKind> kind(std::string_view path) const override {
    const Looked<std::uint32_t> found = find(path, true);
    if (!found) return {std::nullopt, found.failure, found.detail};
    return {image_->tree.node(*found).kind, {}, {}};
  }

  Looked<std::string> resolve(std::string_view path) const override {
    if (!is_path(path)) return unreadable<std::string>("not a path");
    const ImageTree::Walk walked = image_->tree.walk(root_, path, true);
    if (walked.error != 0) return failed<std::string>(walked.error);
    std::string resolved;
    for (const std::string_view name : walked.names) resolved.append("/").append(name);
    return {resolved.empty() ? "/" : std::move(resolved), {}, {}};
  }

  Looked<FileReader> open(std::string_view path) const override {
    const Looked<std::uint32_t> found = find(path, true);
    if (!found) return {std::nullopt, found.failure, found.detail};
    const ImageNode& node = image_->tree.node(*found);
    if (node.kind != FileKind::regular) {
      return unreadable<FileReader>(fmt::format("{}, not a regular file", to_string(node.kind)));
    }
    const ImageContent& content = node.content;
    std::optional<FileReader> file;
    if (content.state == ImageContent::State::in_layer && content.source < image_->layers.size()) {
      file = image_->layers[content.source].part(content.offset, content.size);
    } else if (content.state == ImageContent::State::kept && image_->kept) {
      file = image_->kept->part(content.offset, content.size);
    }
    if (!file) return unreadable<FileReader>(why_unreadable(content.state));
    return {std::move(file), {}, {}};
  }

  Looked<std::uint64_t> size(std::string_view path) const override {
    const Looked<std::uint32_t> found = find(path, true);
    if (!found) return {std::nullopt, found.failure, found.detail};
    const ImageNode& node = image_->tree.node(*found);
    if (node.kind != FileKind::regular) {
      return unreadable<std::uint64_t>(fmt::format("{}, not a regular file", to_string(node.kind)));
    }
    const ImageContent::State state = node.content.state;
    if (state == ImageContent::State::sparse || state == ImageContent::State::lost) {
      return unreadable<std::uint64_t>(why_unreadable(state));
    }
    return {node.content.size, {}, {}};
  }

  // An image has no proc file system.
  Looked<FileReader> open_magic_link(std::string_view path) const override { return open(path); }

  Looked<std::unique_ptr<Files>> below(std::string_view directory) const override {
    using View = std::unique_ptr<Files>;
    const Looked<std::uint32_t> found = find(directory, true);
    if (!found) return {std::nullopt, found.failure, found.detail};
    if (image_->tree.node(*found).kind != FileKind::directory) return failed<View>(ENOTDIR);
    return {View(std::make_unique<ImageFiles>(image_, *found)), {}, {}};
  }

 private:
  static bool is_path(std::string_view path) {
    return !path.empty() && path.size() < PATH_MAX && path.find('\0') == std::string_view::npos;
  }

  Looked<std::uint32_t> find(std::string_view path, bool follow_last) const {
    if (!is_path(path)) return unreadable<std::uint32_t>("not a path");
    const ImageTree::Walk walked = image_->tree.walk(root_, path, follow_last);
    if (walked.error != 0) return failed<std::uint32_t>(walked.error);
    return {walked.steps.empty() ? root_ : walked.steps.back(), {}, {}};
  }

  std::shared_ptr<const ImageFileSystem> image_;
  std::uint32_t root_;
};
}  // namespace

std::unique_ptr<Files> image_files(std::shared_ptr<const ImageFileSystem> image) {
  return std::make_unique<ImageFiles>(std::move(image), 0);
}

}  // namespace varve
