#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"
#include "world/files.h"

namespace varve {

// "3.11.7+" → "3.11.7": numbers and dots at the start of a text.
std::string leading_version(std::string_view text);
// ".../lib/python3.11/site-packages" → "3.11"; Debian's "/usr/lib/python3/dist-packages" → "".
std::string version_in_folder(const std::string& folder);

// The Python of a prefix by its folders of packages, its headers, or its python3.
Fact python_of_folders(const Files& files, const std::string& prefix, const std::vector<std::string>& folders);
// The one that the wheels in a plain folder are for. The Python on PATH may be another.
Fact python_of_wheels(const Files& files, const std::string& folder);

}  // namespace varve
