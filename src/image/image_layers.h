#pragma once
#include <memory>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/image_files.h"
#include "image/image_manifest.h"

namespace varve {

struct ReadLayers {
  std::shared_ptr<ImageFileSystem> file_system;
  std::vector<std::string> inspected;  // the paths shown to ImageOptions::inspected: see ImageContent::State
};

// Reads the layers from the top down and puts them together. Remarks are added to `remarks`.
Result<ReadLayers> read_layers(const std::vector<PlannedLayer>& layers, const ImageOptions& options,
                               std::vector<std::string>& remarks);

// The content of one uncompressed tar archive as a file system: no whiteouts, every file readable in place.
Result<std::unique_ptr<Files>> open_tar(const FileReader& archive, const std::string& where);

}  // namespace varve
