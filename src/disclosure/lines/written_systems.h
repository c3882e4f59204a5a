#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// A system with its version that begins at a word: "Ubuntu 22.04", "ubuntu18.04", "Ubuntu server 24.04", "Win10",
// "Windows Server 2019".
struct WrittenSystem {
  std::string name;       // "Ubuntu 22.04"
  std::size_t words = 0;  // that it takes
};
std::optional<WrittenSystem> system_at(const std::vector<std::string_view>& words, std::size_t at);

// A line that is a system and nothing else but what does not matter: "Ubuntu 20.04.4 LTS (x86_64)".
std::optional<std::string> plain_system(std::string_view text);

}  // namespace varve
