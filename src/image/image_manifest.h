#pragma once
#include <map>
#include <string>
#include <vector>

#include "image/image.h"

namespace varve {

// A layer to be read.
struct PlannedLayer {
  FileReader blob;
  std::string where;    // for messages: "image.tar: layer 3 of 7"
  std::string digest;   // "sha256:…" of the blob; may be empty
  std::string diff_id;  // the same of the uncompressed layer; may be empty
};

// What an image's documents say, before any layer was read.
struct ImagePlan {
  Image image;
  std::map<std::string, std::string> environment;
  std::vector<std::string> start;  // Entrypoint and Cmd
  std::string working_directory;
  std::vector<PlannedLayer> layers;  // from the bottom up
  std::vector<std::string> remarks;
};

// Reads index.json, the manifest and the configuration (OCI image layout and image specification 1.1; the index may
// nest) or docker-save's manifest.json. `container` is the layout directory or the archive's content, `path` its name
// for messages, `archive` whether it is one.
Result<ImagePlan> read_image_plan(const Files& container, const std::string& path, bool archive,
                                  const ImageOptions& options);

// Whether the bytes have the digest ("sha256:…" or "sha512:…"). Error: they have not, or the digest is none of these.
Status verify_digest(std::string_view bytes, const std::string& digest, const std::string& where);
Status verify_digest(const FileReader& file, const std::string& digest, const std::string& where);
// Of the inflated bytes.
Status verify_inflated_digest(const FileReader& file, const std::string& digest, const std::string& where,
                              const InflateLimits& limits);

// "blobs/sha256/…" for a digest of the two algorithms, written as the specification wants it; an Error otherwise.
Result<std::string> blob_path(const std::string& digest, const std::string& where);

}  // namespace varve
