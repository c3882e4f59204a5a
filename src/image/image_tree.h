#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "world/files.h"

namespace varve {

// Where the bytes of a file in an image are, or why they are nowhere.
struct ImageContent {
  enum class State : std::uint8_t {
    in_layer,     // of an uncompressed layer: `source` is its index, `offset` and `size` the place in it
    kept,         // in memory, at `offset`
    inspected,    // shown to the caller while its layer streamed by; `offset` counts the names it was shown under
    passed_over,  // nobody asked for it while its layer streamed by
    too_large,    // to be held in memory while it is looked at
    sparse,       // stored without its holes, which are not put back
    lost,         // a hard link to a file that is not in the image
  };
  State state = State::passed_over;
  std::uint32_t source = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // in bytes, of all but sparse and lost
};

// One member of a layer, in the order of the archive.
struct ImageMember {
  enum class Role : std::uint8_t { entry, hard_link, whiteout, opaque };
  std::string path;  // normal: "usr/lib/libz.so.1", empty for the root; of a whiteout what it removes
  Role role = Role::entry;
  FileKind kind = FileKind::regular;
  std::string link;  // the text of a symbolic link; the normal path of a hard link's target
  ImageContent content;
};

struct ImageNode {
  FileKind kind = FileKind::directory;
  std::uint32_t layer = 0;          // the last that gave it
  std::uint32_t stripped_in = ~0u;  // the last layer that hid what lower layers had put in this directory
  std::string link;
  ImageContent content;
  std::map<std::string, std::uint32_t, std::less<>> children;  // by name: indices of nodes
};

inline constexpr std::size_t kMaxImageNodes = std::size_t{1} << 21;  // ten times what the largest framework images hold
inline constexpr std::size_t kMaxImageDepth = 256;

// The file system that a stack of layers makes, as the OCI image specification ("Applying Changesets") has them
// applied, and as containerd does it where that is silent: parents are reached through links inside the root, a
// directory over a link replaces it, in one layer the last member of a name counts.
class ImageTree {
 public:
  ImageTree() : nodes_(1) {}

  // Layers must come from the bottom up, each once. What cannot be applied (below a file, through a loop) is left out
  // and said in `remarks`. Error: more than kMaxImageNodes, or links so tangled that resolving them takes too long.
  Status apply(std::uint32_t layer, const std::vector<ImageMember>& members, std::vector<std::string>& remarks);

  // A path followed from the directory `root`, which ".." and absolute links do not leave. Yields the indices of the
  // nodes below it, empty for `root` itself, or an errno: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
  struct Walk {
    int error = 0;
    std::uint64_t lookups = 0;  // what it cost
    std::vector<std::uint32_t> steps;
    std::vector<std::string_view> names;  // of the steps; they live as long as the tree and the path
  };
  Walk walk(std::uint32_t root, std::string_view path, bool follow_last) const;

  const ImageNode& node(std::uint32_t index) const { return nodes_[index]; }

 private:
  struct Place {
    std::uint32_t parent;
    std::string_view name;
  };
  std::uint32_t add(ImageNode node);
  int enter(std::string_view path, std::uint32_t layer, bool make, std::uint32_t& directory);
  int place(std::string_view path, std::uint32_t layer, bool make, Place& place);
  int apply_member(std::uint32_t layer, const ImageMember& member);
  int put(std::uint32_t layer, const ImageMember& member);
  void strip(std::uint32_t directory, std::uint32_t layer);
  void hide(const Place& place, std::uint32_t layer);

  std::deque<ImageNode> nodes_;  // their addresses stay; the first is the root
  std::string last_parent_;      // the directory entered last, since neighbours in an archive share it
  std::uint32_t last_directory_ = 0;
  std::uint64_t lookups_ = 0;  // of names while applying
};

// "/a/./b//../c" is "a/c": lexically, ".." stays inside the root. Nothing when the name is longer than a path may be or
// has more than kMaxImageDepth components.
std::optional<std::string> normal_image_path(std::string_view name);

}  // namespace varve
