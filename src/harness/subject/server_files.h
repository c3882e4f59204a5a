#pragma once
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// What a file of settings says ("redis.conf", "serve.yaml": known by the end of its name), a line each: without blank
// lines and comments, secrets and `home` taken out. Empty of other files, of what is no text, and of large ones.
std::vector<std::string> lines_of_settings(const std::string& path, const std::string& home);

// The package of the system that a program belongs to, with its version: "dpkg redis-server 5:7.0.15-1". Empty: none.
std::string package_of_program(const Files& files, const std::string& program);

}  // namespace varve
