#pragma once
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// Folders that the path configuration files (*.pth) of a folder of packages put on Python's path, links resolved, each
// once: the sources of editable installs, other environments. The finders of setuptools' editable installs, which such
// files import, are followed as far as they map a package to a folder of its name. At most 64; nothing is run. Source:
// the documentation of Python's module site; PEP 660.
std::vector<std::string> path_file_folders(const Files& files, const std::string& folder);

// The folder of the project that a package was installed from to be edited, by its direct_url.json; empty: it was
// not. Source: PyPA specification "Recording the Direct URL Origin of installed distributions".
std::string editable_project(const Files& files, const std::string& metadata_folder);

}  // namespace varve
