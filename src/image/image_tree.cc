#include "image/image_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/text.h"
#include "world/path_walk.h"

namespace varve {

namespace {
constexpr int kMaxLinks = 40;                       // as in the kernel: MAXSYMLINKS
constexpr std::uint64_t kMaxLookups = 200'000'000;  // some fifty for each member of the largest image
constexpr std::size_t kMaxRemarks = 100;

void push_components(std::string_view path, std::vector<std::string_view>& pending) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!part.empty() && part != ".") pending.push_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}
}  // namespace

std::optional<std::string> normal_image_path(std::string_view name) {
  if (name.size() >= PATH_MAX) return std::nullopt;
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  if (parts.size() > kMaxImageDepth) return std::nullopt;
  std::string path;
  for (const std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

ImageTree::Walk ImageTree::walk(std::uint32_t root, std::string_view path, bool follow_last) const {
  Walk walked;
  std::vector<std::string_view> pending;
  push_components(path, pending);
  int links = 0;
  const auto failed = [&](int error) {
    walked.error = error;
    return walked;
  };
  while (!pending.empty()) {
    ++walked.lookups;
    const std::string_view name = pending.back();
    pending.pop_back();
    const ImageNode& here = nodes_[walked.steps.empty() ? root : walked.steps.back()];
    if (here.kind != FileKind::directory) return failed(ENOTDIR);
    if (name == "..") {
      if (!walked.steps.empty()) {
        walked.steps.pop_back();
        walked.names.pop_back();
      }
      continue;
    }
    const auto child = here.children.find(name);
    if (child == here.children.end()) return failed(ENOENT);
    if (walked.steps.size() >= kMaxImageDepth || pending.size() > 2 * PATH_MAX) return failed(ENAMETOOLONG);
    const ImageNode& next = nodes_[child->second];
    if (next.kind != FileKind::link || (pending.empty() && !follow_last)) {
      walked.steps.push_back(child->second);
      walked.names.push_back(child->first);
      continue;
    }
    if (++links > kMaxLinks) return failed(ELOOP);
    if (next.link.starts_with('/')) {
      walked.steps.clear();
      walked.names.clear();
    }
    push_components(next.link, pending);
  }
  return walked;
}

std::uint32_t ImageTree::add(ImageNode node) {
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

// The directory at `path`. As walk() does it, but with `make` what lacks is made, also where a dangling link points.
int ImageTree::enter(std::string_view path, std::uint32_t layer, bool make, std::uint32_t& directory) {
  if (!last_parent_.empty() && path == last_parent_) {
    directory = last_directory_;
    return 0;
  }
  std::vector<std::string_view> pending;
  std::vector<std::uint32_t> steps = {0};
  push_components(path, pending);
  int links = 0;
  while (!pending.empty()) {
    ++lookups_;
    const std::string_view name = pending.back();
    pending.pop_back();
    if (name == "..") {
      if (steps.size() > 1) steps.pop_back();
      continue;
    }
    if (steps.size() > kMaxImageDepth || pending.size() > 2 * PATH_MAX) return ENAMETOOLONG;
    ImageNode& here = nodes_[steps.back()];
    auto child = here.children.find(name);
    if (child == here.children.end()) {
      if (!make) return ENOENT;
      if (nodes_.size() >= kMaxImageNodes) return ENOSPC;
      ImageNode made;
      made.layer = layer;
      child = here.children.emplace(name, add(std::move(made))).first;
    }
    const ImageNode& next = nodes_[child->second];
    if (next.kind == FileKind::link) {
      if (++links > kMaxLinks) return ELOOP;
      if (next.link.starts_with('/')) steps.resize(1);
      push_components(next.link, pending);
    } else if (next.kind == FileKind::directory) {
      steps.push_back(child->second);
    } else {
      return ENOTDIR;
    }
  }
  directory = steps.back();
  last_parent_ = path;
  last_directory_ = directory;
  return 0;
}

int ImageTree::place(std::string_view path, std::uint32_t layer, bool make, Place& place) {
  const std::size_t slash = path.rfind('/');
  place.name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return enter(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash), layer, make, place.parent);
}

// Removes what lower layers put below the directory. What this layer itself gave stays: whiteouts say nothing about
// their own layer, wherever they stand in it.
void ImageTree::strip(std::uint32_t directory, std::uint32_t layer) {
  ImageNode& node = nodes_[directory];
  if (node.stripped_in == layer) return;
  node.stripped_in = layer;
  std::erase_if(node.children, [&](const auto& entry) {
    const ImageNode& child = nodes_[entry.second];
    if (child.kind != FileKind::directory) return child.layer != layer;
    strip(entry.second, layer);
    return child.layer != layer && child.children.empty();
  });
}

void ImageTree::hide(const Place& place, std::uint32_t layer) {
  ImageNode& parent = nodes_[place.parent];
  const auto found = parent.children.find(place.name);
  if (found == parent.children.end()) return;
  const ImageNode& node = nodes_[found->second];
  if (node.kind == FileKind::directory) {
    strip(found->second, layer);
    if (node.layer != layer && node.children.empty()) parent.children.erase(found);
  } else if (node.layer != layer) {
    parent.children.erase(found);
  }
  last_parent_.clear();
}

int ImageTree::put(std::uint32_t layer, const ImageMember& member) {
  ImageNode made{member.kind, layer, ~0u, member.kind == FileKind::link ? member.link : "", member.content, {}};
  if (member.role == ImageMember::Role::hard_link) {
    const Walk target = walk(0, member.link, false);
    lookups_ += target.lookups;
    if (target.error == 0 && !target.steps.empty() && nodes_[target.steps.back()].kind != FileKind::directory) {
      const ImageNode& existing = nodes_[target.steps.back()];
      made.kind = existing.kind;
      made.link = existing.link;
      made.content = existing.content;
    } else {
      made.content.state = ImageContent::State::lost;
    }
  }
  Place place = {};
  if (const int error = this->place(member.path, layer, true, place); error != 0) return error;
  std::map<std::string, std::uint32_t, std::less<>>& children = nodes_[place.parent].children;
  const auto existing = children.find(place.name);
  if (existing == children.end()) {
    if (nodes_.size() >= kMaxImageNodes) return ENOSPC;
    children.emplace(place.name, add(std::move(made)));
    return 0;
  }
  ImageNode& before = nodes_[existing->second];
  if (made.kind == FileKind::directory && before.kind == FileKind::directory) {
    before.layer = layer;
    return 0;
  }
  if (nodes_.size() >= kMaxImageNodes) return ENOSPC;
  existing->second = add(std::move(made));
  last_parent_.clear();
  return 0;
}

namespace {
// A whiteout below what is not there, or no directory any more, has nothing to hide.
int nothing_there(int error) { return error == ENOENT || error == ENOTDIR ? 0 : error; }
}  // namespace

int ImageTree::apply_member(std::uint32_t layer, const ImageMember& member) {
  if (member.role == ImageMember::Role::opaque) {
    std::uint32_t directory = 0;
    if (const int error = enter(member.path, layer, false, directory); error != 0) return nothing_there(error);
    strip(directory, layer);
    last_parent_.clear();
    return 0;
  }
  if (member.path.empty()) return 0;  // the root itself
  if (member.role != ImageMember::Role::whiteout) return put(layer, member);
  Place place = {};
  if (const int error = this->place(member.path, layer, false, place); error != 0) return nothing_there(error);
  hide(place, layer);
  return 0;
}

Status ImageTree::apply(std::uint32_t layer, const std::vector<ImageMember>& members,
                        std::vector<std::string>& remarks) {
  const std::string doing = "putting the layers of an image together";
  last_parent_.clear();
  for (const ImageMember& member : members) {
    const int error = apply_member(layer, member);
    if (error == ENOSPC || lookups_ > kMaxLookups) {
      const std::string found = error == ENOSPC
                                    ? fmt::format("it has more than {} files and directories", kMaxImageNodes)
                                    : "its symbolic links are too tangled to be resolved in bounded time";
      return Error{doing, fmt::format("layer {}", layer + 1), found, "No real image is like that"};
    }
    if (error != 0 && remarks.size() < kMaxRemarks) {
      const std::string reason = error == ENOTDIR ? "it lies below what is no directory" : path_failure(error).detail;
      remarks.push_back(fmt::format("layer {}: /{} was left out: {}", layer + 1, clean_utf8(member.path), reason));
    }
  }
  return Done{};
}

}  // namespace varve
