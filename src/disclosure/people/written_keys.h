#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace varve {

// Keys as people and reports of applications write them before a value, and what they mean.
enum class WrittenMeaning {
  none,
  gpu,
  gpu_and_driver,
  driver,
  toolkit,
  torch,
  built_for,
  python,
  kernel,
  system,
  libc,
  wsl,
  application_gpu,
  host_cuda,
  jetson
};

constexpr std::size_t kMostWrittenKey = 48;

// Without marks of lists, brackets and "version" at its end, in small letters.
std::string plain_key(std::string_view key);
WrittenMeaning meaning_of_key(const std::string& plain);
std::string_view without_list_marks(std::string_view text);
std::string_view without_marks_around(std::string_view text);
// A key and its value: with ":" or "|" between them, a leader of dots, or, in columns, three blanks or a tab.
std::optional<std::pair<std::string_view, std::string_view>> written_pair(std::string_view text);

}  // namespace varve
