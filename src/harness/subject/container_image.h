#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace varve {

// Which argument of a command names the image that it runs in, counted from 0: of docker, podman and nerdctl behind
// "run", of apptainer and singularity behind "exec" or "run", also behind programs that only change how the next one
// runs (sudo, numactl). Nothing: it runs in none that is known, or joins a container that is there already.
struct NamedImage {
  std::string program;  // "apptainer"
  std::size_t argument = 0;
  bool is_folder = false;  // podman run --rootfs DIR: a root, and no image
};
std::optional<NamedImage> named_image(const std::vector<std::string>& command);

// What an image's name leads to on this machine.
struct ImagePlace {
  std::string path;    // of an archive, a layout or a root, perhaps with ":TAG" behind it; empty: no file
  std::string digest;  // that the name itself states; empty: none
  std::string why;     // why nothing can be read of it; empty: it can
};
ImagePlace place_of_image(const NamedImage& named, const std::string& reference);

}  // namespace varve
