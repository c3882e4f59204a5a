#include "image/image_layers.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "archive/tar.h"
#include "base/text.h"
#include "base/units.h"

namespace varve {

namespace {
constexpr std::size_t kLayerPiece = std::size_t{1} << 20;
constexpr std::uint64_t kProgressStep = std::uint64_t{8} << 20;
constexpr std::size_t kMostLayerRemarks = 100;
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kWhiteoutMeta = ".wh..wh.";  // bookkeeping of AUFS

using Members = std::vector<ImageMember>;

Error layer_failure(const std::string& where, std::string found, std::string hint = {}) {
  return {"reading an image", where, std::move(found), std::move(hint)};
}

// A file in memory that is written piece by piece.
class MemoryFile {
 public:
  Status write(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (!file_) file_ = FileHandle(::memfd_create("varve-image", MFD_CLOEXEC));
    while (file_ && !bytes.empty()) {
      const ssize_t size = ::pwrite(file_.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) break;
      bytes = bytes.subspan(static_cast<std::size_t>(size));
      offset += static_cast<std::uint64_t>(size);
    }
    if (file_ && bytes.empty()) return Done{};
    return layer_failure("", fmt::format("memory for a file of it cannot be had: {}", std::strerror(errno)));
  }
  // The bytes written there. Nothing where they were not.
  std::optional<FileReader> part(std::uint64_t offset, std::uint64_t size) {
    if (Status exists = write(0, {}); !exists) return std::nullopt;
    const Result<FileReader> whole = FileReader::open(file_.fd(), "");
    return whole ? whole->part(offset, size) : std::nullopt;
  }
  // Hands over the file; nothing when nothing was written.
  std::optional<FileReader> take() {
    if (!file_) return std::nullopt;
    const Result<FileReader> whole = FileReader::open(std::move(file_), "");
    return whole ? std::optional(*whole) : std::nullopt;
  }

 private:
  FileHandle file_;
};

// What the layers above hide of the ones below, by path as the archives name them. It only saves work: what a file
// system shows in the end ImageTree decides.
class Cover {
 public:
  void add(const Members& members, bool last) {
    std::unordered_set<std::string_view> own;
    for (const ImageMember& member : members) {
      if (!last) cover(member);
      // A whiteout hides what lies below its layer, which a hard link of the same layer may have been made to before.
      if (member.role == ImageMember::Role::entry || member.role == ImageMember::Role::hard_link) {
        own.insert(member.path);
      }
    }
    for (const ImageMember& member : members) {
      if (member.role == ImageMember::Role::hard_link && !own.contains(member.link)) wanted_[member.link] = member.path;
    }
  }

  bool hides(std::string_view path) const {
    if (marks_.empty()) return false;
    if (marks_.contains(path)) return true;
    if (root_) return true;
    for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/', slash - 1)) {
      const auto found = marks_.find(path.substr(0, slash));
      if (found != marks_.end() && found->second) return true;
    }
    return false;
  }

  // Hidden files of a compressed layer that another name in the same layer still shows: each with that name. A file's
  // links come after it, when its bytes have gone by.
  bool want_linked(const Members& members) {
    std::unordered_set<std::string_view> passed_over;
    for (const ImageMember& member : members) {
      const bool is_file = member.role == ImageMember::Role::entry && member.kind == FileKind::regular;
      if (is_file && member.content.state == ImageContent::State::passed_over && hides(member.path)) {
        passed_over.insert(member.path);
      }
    }
    const std::size_t before = linked_.size();
    for (const ImageMember& member : members) {
      const bool is_link = member.role == ImageMember::Role::hard_link && passed_over.contains(member.link);
      if (is_link && !hides(member.path)) linked_.emplace_back(member.link, member.path);
    }
    for (std::size_t i = before; i < linked_.size(); ++i) wanted_[linked_[i].first] = linked_[i].second;
    return linked_.size() > before;
  }

  // The name under which a higher layer, or the same one, links to the file; nullptr when none does.
  const std::string_view* wanted_as(std::string_view path) const {
    const auto found = wanted_.find(path);
    return found == wanted_.end() ? nullptr : &found->second;
  }

 private:
  void cover(const ImageMember& member) {
    const bool opaque = member.role == ImageMember::Role::opaque;
    if (opaque && member.path.empty()) root_ = true;
    bool& below = marks_[member.path];
    below = below || opaque || member.kind != FileKind::directory;
  }

  std::unordered_map<std::string_view, bool> marks_;  // the value: whether everything below is hidden too
  std::unordered_map<std::string_view, std::string_view> wanted_;
  std::deque<std::pair<std::string, std::string>> linked_;  // what some of these point into
  bool root_ = false;
};

class LayersReader {
 public:
  LayersReader(const ImageOptions& options, std::vector<std::string>& remarks, bool whiteouts)
      : options_(options), remarks_(remarks), whiteouts_(whiteouts), inflate_limits_(options.limits.inflate) {}

  // The layers from the bottom up.
  Result<ReadLayers> read(const std::vector<PlannedLayer>& layers) {
    std::vector<Members> members(layers.size());
    for (const PlannedLayer& layer : layers) total_ += layer.blob.size();
    for (std::size_t i = layers.size(); i-- > 0;) {
      const auto index = static_cast<std::uint32_t>(i);
      if (Status done = read_layer(layers[i], index, members[i]); !done) return done.error();
      if (cover_.want_linked(members[i])) {  // rare: the layer goes by once more
        members[i].clear();
        if (Status done = read_layer(layers[i], index, members[i]); !done) return done.error();
      }
      cover_.add(members[i], i == 0);
      done_ += layers[i].blob.size();
      reported_ = 0;
      if (options_.progress) options_.progress(done_, total_);
    }
    ReadLayers read;
    read.file_system = std::make_shared<ImageFileSystem>();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (Status applied = read.file_system->tree.apply(static_cast<std::uint32_t>(i), members[i], remarks_);
          !applied) {
        return applied.error();
      }
      read.file_system->layers.push_back(layers[i].blob);
    }
    read.file_system->kept = kept_.take();
    read.inspected = std::move(inspected_);
    return read;
  }

 private:
  void remark(const PlannedLayer& layer, std::string_view path, std::string_view text) {
    if (remarks_.size() < kMostLayerRemarks)
      remarks_.push_back(fmt::format("{}: {} {}", layer.where, clean_utf8(path), text));
  }

  Status read_layer(const PlannedLayer& layer, std::uint32_t index, Members& members) {
    if (layer.blob.size() == 0) return Done{};
    const Result<std::unique_ptr<ByteStream>> stream = open_stream(layer.blob, layer.where, inflate_limits_);
    if (!stream) return stream.error();
    const bool in_place = compression_of(layer.blob) == Compression::none;
    TarReader archive(**stream, layer.where);
    while (true) {
      const Result<std::optional<TarMember>> member = archive.next();
      if (!member) return member.error();
      if (!*member) break;
      std::optional<ImageMember> taken = take(layer, **member);
      if (!taken) continue;
      if (Status within = count(layer, *taken); !within) return within;
      const bool has_bytes = taken->role == ImageMember::Role::entry && taken->kind == FileKind::regular &&
                             taken->content.state != ImageContent::State::sparse;
      if (has_bytes) taken->content.size = (*member)->size;
      if (has_bytes && in_place) {
        taken->content = {ImageContent::State::in_layer, index, (*member)->content, (*member)->size};
      } else if (has_bytes) {
        if (Status done = read_content(layer, archive, **stream, (*member)->size, *taken); !done) return done;
      }
      members.push_back(std::move(*taken));
    }
    if (!in_place) {
      inflate_limits_.inflated_before += archive.position();
      inflate_limits_.consumed_before += layer.blob.size();
    }
    if (!archive.has_end_mark()) remark(layer, "", "its archive has no end mark: it may be truncated");
    return Done{};
  }

  // A member as the tree takes it; nothing for what is no part of a file system.
  std::optional<ImageMember> take(const PlannedLayer& layer, const TarMember& member) {
    std::optional<std::string> path = normal_image_path(member.name);
    if (!path) {
      remark(layer, std::string_view(member.name).substr(0, 80), "(cut) has too long a name and was left out");
      return std::nullopt;
    }
    ImageMember taken;
    taken.path = std::move(*path);
    if (whiteouts_ && is_whiteout(taken)) {
      if (taken.role == ImageMember::Role::entry) return std::nullopt;
      return taken;
    }
    switch (member.kind) {
      case TarKind::file:
        break;
      case TarKind::sparse:
        taken.content.state = ImageContent::State::sparse;
        remark(layer, taken.path, "is a sparse file, which is not read");
        break;
      case TarKind::directory:
        taken.kind = FileKind::directory;
        break;
      case TarKind::link:
        taken.kind = FileKind::link;
        taken.link = member.link;
        break;
      case TarKind::hard_link:
        taken.role = ImageMember::Role::hard_link;
        break;
      case TarKind::character_device:
      case TarKind::block_device:
        taken.kind = FileKind::device;
        break;
      case TarKind::fifo:
        taken.kind = FileKind::fifo;
        break;
      case TarKind::other:
        remark(layer, taken.path, "is a member of an unknown type and was left out");
        return std::nullopt;
    }
    if (taken.role != ImageMember::Role::hard_link && taken.kind != FileKind::link) return taken;
    std::optional<std::string> target = normal_image_path(member.link);
    if (!target) {
      remark(layer, taken.path, "has too long a link and was left out");
      return std::nullopt;
    }
    if (taken.role == ImageMember::Role::hard_link) taken.link = std::move(*target);
    return taken;
  }

  // Turns the path of a whiteout into what it hides. The role stays `entry` where it hides nothing.
  static bool is_whiteout(ImageMember& member) {
    const std::size_t slash = member.path.rfind('/');
    const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
    const std::string_view name = std::string_view(member.path).substr(begin);
    if (!name.starts_with(kWhiteout)) return false;
    if (name == kOpaque) {
      member.role = ImageMember::Role::opaque;
      member.kind = FileKind::directory;
      member.path.resize(begin == 0 ? 0 : begin - 1);
    } else if (!name.starts_with(kWhiteoutMeta) && name != kWhiteout && name != ".wh.." && name != ".wh...") {
      member.role = ImageMember::Role::whiteout;
      member.path.erase(begin, kWhiteout.size());
    }
    return true;
  }

  Status count(const PlannedLayer& layer, const ImageMember& member) {
    names_ += member.path.size() + member.link.size();
    if (++members_ <= kMaxImageNodes && names_ <= options_.limits.names) return Done{};
    return layer_failure(layer.where,
                         fmt::format("the image has more than {} members, or names of more than {}", kMaxImageNodes,
                                     format_bytes(options_.limits.names)),
                         "No real image is like that");
  }

  // Content of a compressed layer: kept, shown, or passed over.
  Status read_content(const PlannedLayer& layer, TarReader& archive, const ByteStream& stream, std::uint64_t size,
                      ImageMember& member) {
    const std::string_view* wanted_as = cover_.wanted_as(member.path);
    if (wanted_as != nullptr || !cover_.hides(member.path)) {
      const auto asked = [&](const auto& predicate) {
        return predicate && (predicate("/" + member.path, size) ||
                             (wanted_as != nullptr && predicate("/" + std::string(*wanted_as), size)));
      };
      const bool inspect = options_.inspected && asked(options_.inspect);
      if (asked(options_.keep)) {
        if (kept_size_ + size <= options_.limits.kept && size <= options_.limits.kept) {
          return keep_content(layer, archive, stream, size, inspect, member);
        }
        remark(layer, member.path,
               fmt::format("was not kept: more than {} would be held", format_bytes(options_.limits.kept)));
      }
      if (inspect) {
        if (size <= options_.limits.inspected) return show_content(layer, archive, stream, size, member);
        member.content.state = ImageContent::State::too_large;
        remark(layer, member.path,
               fmt::format("was not looked at: larger than {}", format_bytes(options_.limits.inspected)));
      }
    }
    return read_bytes(layer, archive, stream, nullptr, 0);
  }

  Status keep_content(const PlannedLayer& layer, TarReader& archive, const ByteStream& stream, std::uint64_t size,
                      bool inspect, ImageMember& member) {
    member.content = {ImageContent::State::kept, 0, kept_size_, size};
    if (Status done = read_bytes(layer, archive, stream, &kept_, kept_size_); !done) return done;
    kept_size_ += size;
    if (inspect) show(kept_.part(member.content.offset, size), member.path);
    return Done{};
  }

  Status show_content(const PlannedLayer& layer, TarReader& archive, const ByteStream& stream, std::uint64_t size,
                      ImageMember& member) {
    if (Status done = read_bytes(layer, archive, stream, &scratch_, 0); !done) return done;
    member.content = {ImageContent::State::inspected, 0, inspected_.size(), size};
    inspected_.push_back("/" + member.path);
    show(scratch_.part(0, size), member.path);
    return Done{};
  }

  void show(const std::optional<FileReader>& file, const std::string& path) {
    if (file) options_.inspected("/" + path, *file);
  }

  // The whole content of the current member, into a file or nowhere.
  Status read_bytes(const PlannedLayer& layer, TarReader& archive, const ByteStream& stream, MemoryFile* into,
                    std::uint64_t offset) {
    while (true) {
      const Result<std::span<const std::byte>> piece = archive.content(kLayerPiece);
      if (!piece) return piece.error();
      if (piece->empty()) return Done{};
      if (into != nullptr) {
        if (Status written = into->write(offset, *piece); !written) {
          Error error = written.error();
          error.where = layer.where;
          return error;
        }
      }
      offset += piece->size();
      if (options_.progress && stream.consumed() >= reported_ + kProgressStep) report(stream.consumed());
    }
  }

  void report(std::uint64_t in_layer) {
    reported_ = in_layer;
    options_.progress(done_ + in_layer, total_);
  }

  const ImageOptions& options_;
  std::vector<std::string>& remarks_;
  bool whiteouts_;
  InflateLimits inflate_limits_;  // with what the layers before have inflated to
  Cover cover_;
  MemoryFile kept_;
  MemoryFile scratch_;  // one file at a time: its pages are used again for the next
  std::uint64_t kept_size_ = 0;
  std::vector<std::string> inspected_;
  std::uint64_t names_ = 0;
  std::size_t members_ = 0;
  std::uint64_t total_ = 0, done_ = 0;
  std::uint64_t reported_ = 0;  // of the current layer
};
}  // namespace

Result<ReadLayers> read_layers(const std::vector<PlannedLayer>& layers, const ImageOptions& options,
                               std::vector<std::string>& remarks) {
  return LayersReader(options, remarks, true).read(layers);
}

Result<std::unique_ptr<Files>> open_tar(const FileReader& archive, const std::string& where) {
  std::vector<std::string> remarks;
  const ImageOptions options;
  Result<ReadLayers> read = LayersReader(options, remarks, false).read({{archive, where, "", ""}});
  if (!read) return read.error();
  return image_files(std::move(read->file_system));
}

}  // namespace varve
