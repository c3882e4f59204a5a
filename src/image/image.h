#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/inflate.h"
#include "base/result.h"
#include "model/image_record.h"
#include "world/files.h"

namespace varve {

// Bounds on what an image may cost. All in bytes.
struct ImageLimits {
  InflateLimits inflate;                             // of all layers together
  std::uint64_t kept = std::uint64_t{512} << 20;     // content of compressed layers that stays in memory, all together
  std::uint64_t inspected = std::uint64_t{2} << 30;  // one file of a compressed layer that is held while looked at
  std::uint64_t names = std::uint64_t{512} << 20;    // of all members together
};

// What to do with an image. Paths are absolute inside the image ("/usr/lib/libz.so.1"), as its archive names them.
struct ImageOptions {
  std::string platform = "linux/amd64";  // taken where an image has several
  std::string name;                      // which of several images: its name, the end of it, its tag or digest
  bool verify = false;                   // compute the digest of every layer; a wrong one is an Error

  // Compressed layers are read once, in one go. What is said here about a regular file decides what is left of it:
  // Its bytes stay readable through the files; so do those of small files that the image starts, by their names.
  std::function<bool(std::string_view path, std::uint64_t size)> keep;
  std::function<bool(std::string_view path, std::uint64_t size)> inspect;  // `inspected` is called while they are there
  std::function<void(std::string_view path, const FileReader& file)> inspected;  // the reader ends with the call

  // Bytes done of all to be read. Called every few MiB of compressed layers.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  ImageLimits limits;
};

// An image as people name it: a path, or a path and one of the images in it, "layout:1.2",
// "saved.tar:repository/app:2".
struct ImageName {
  std::string path;
  std::string name;  // as ImageOptions::name; empty: none was said
};
// The longest start of the text up to a colon, or all of it, that is a path on this machine; all of it where none is.
ImageName image_name_from(const std::string& text);

struct OpenedImage {
  Image image;
  std::map<std::string, std::string> environment;  // of its configuration, unfiltered: it may hold secrets
  std::vector<std::string> start;                  // Entrypoint and Cmd, unfiltered likewise
  std::string working_directory;                   // of what it starts
  std::unique_ptr<Files> files;                    // what a container of it would see; independent of this struct
  // Files that `inspected` saw under another name: hard links, and directories that were reached through a link. Keys
  // are the paths in `files`, values those shown to `inspected`.
  std::map<std::string, std::string> inspected_as;
  std::vector<std::string> remarks;  // what was left out or looks wrong, in words
};

// Opens an OCI layout directory, an OCI archive or a docker-save archive (both tar; docker-save also unpacked in a
// directory) and puts its layers together. An archive that is compressed as a whole is inflated into a file without a
// name (in TMPDIR, else /var/tmp), since its parts stand in no order; nothing else is written. Uncompressed layers cost
// a read of each member's header and stay readable in place; gzip and zstd layers stream by once, from the top layer
// down, so that only files that no higher layer replaces are shown to `inspect`. Errors: no image, no image of the
// platform, several without a name to choose by, damaged or missing parts, wrong digests of the manifest and the
// configuration (always computed) or of layers (with `verify`), more than the limits.
Result<OpenedImage> open_image(const std::string& path, const ImageOptions& options = {});

}  // namespace varve
