#pragma once
#include <string>
#include <vector>

#include "package/packages.h"

namespace varve {

// Packages that lie in a folder of packages without metadata: copied, frozen with a program, stripped of it to make an
// image smaller. Those that data/packages.json lists by their folder or name, those of nvidia/, and others with
// libraries (candidates, as InstalledPackage has it). Each has Python of its own or a module, and a library. Folders
// that one of the packages with metadata, `told`, brought are left out. What tells the version stands in the
// place of the installer.
std::vector<InstalledPackage> bare_packages(const Files& files, const std::string& folder,
                                            const std::vector<InstalledPackage>& told);

// Whether there is one in a folder without any metadata.
bool holds_bare_packages(const Files& files, const std::string& folder);

}  // namespace varve
