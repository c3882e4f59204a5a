#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/fact.h"
#include "world/files.h"

namespace varve {

// Small steps from files to facts, shared by the collectors.

Missing to_missing(LookFailure failure);

// The reason why a look failed, as a fact. `absent_detail` says what the absence of the file means, where that is
// known.
template <class T>
Fact missing_because(const Looked<T>& look, std::string source, std::string_view absent_detail = {}) {
  const bool explained = look.failure == LookFailure::absent && !absent_detail.empty();
  return missing_fact(to_missing(look.failure), std::move(source),
                      explained ? std::string(absent_detail) : look.detail);
}

// The trimmed content of a small file that holds one value; at most 64 KiB. Text that is no UTF-8 is made so. An empty
// file is absent.
Looked<std::string> read_value(const Files& files, const std::string& path);
Fact value_fact(const Files& files, const std::string& path, std::string_view absent_detail = {});
Fact integer_fact(const Files& files, const std::string& path, std::string_view absent_detail = {});

// The first `bytes` of a file that may be large.
Looked<std::string> read_start(const Files& files, const std::string& path, std::size_t bytes);

// The trimmed value of the first line "name : value" or "name=value".
std::optional<std::string_view> find_field(std::string_view text, std::string_view name, char separator = ':');

// How many numbers a kernel list such as "0-3,8" holds, or nothing when it is not one.
std::optional<std::int64_t> count_list(std::string_view list);

// The first number of such a list.
std::optional<std::int64_t> first_of_list(std::string_view list);

// "\040" and the like as the kernel writes blanks, tabs, line ends and backslashes in /proc/PID/mountinfo.
std::string decode_octal(std::string_view text);

}  // namespace varve
