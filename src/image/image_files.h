#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "image/image_tree.h"
#include "world/files.h"

namespace varve {

// An image's file system with what is needed to read from it.
struct ImageFileSystem {
  ImageTree tree;
  std::vector<FileReader> layers;  // by ImageContent::source; compressed ones are never read again
  std::optional<FileReader> kept;  // what stayed in memory of compressed layers
};

// The view of it. What a compressed layer held and nobody kept is unreadable, and the detail says so; its size is
// known.
std::unique_ptr<Files> image_files(std::shared_ptr<const ImageFileSystem> image);

}  // namespace varve
