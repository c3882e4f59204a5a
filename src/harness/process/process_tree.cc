#include "harness/process/process_tree.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace varve {

namespace {
// "PID (name) state parent group …"; the name may hold anything. Nothing for one that has ended, or another text.
std::optional<ProcessNode> parse_node(pid_t process, std::string_view text) {
  constexpr std::size_t kUser = 11, kSystem = 12, kUserOfChildren = 13,
                        kSystemOfChildren = 14;  // words behind the name
  const std::size_t name_start = text.find('('), name_end = text.rfind(')');
  if (name_start == std::string_view::npos || name_end == std::string_view::npos) return std::nullopt;
  const std::vector<std::string_view> words = split_words(text.substr(name_end + 1));
  const std::optional<std::int64_t> parent = words.size() > 1 ? parse_integer(words[1]) : std::nullopt;
  const std::optional<std::int64_t> group = words.size() > 2 ? parse_integer(words[2]) : std::nullopt;
  if (!parent || !group || words[0] == "Z" || words[0] == "X") return std::nullopt;
  const auto seconds = [&](std::size_t word) {
    const std::optional<std::int64_t> ticks = word < words.size() ? parse_integer(words[word]) : std::nullopt;
    return static_cast<double>(ticks.value_or(0)) / static_cast<double>(std::max(1L, sysconf(_SC_CLK_TCK)));
  };
  std::string name = clean_utf8(text.substr(name_start + 1, name_end - name_start - 1));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return ProcessNode{.process = process,
                     .parent = static_cast<pid_t>(*parent),
                     .group = static_cast<pid_t>(*group),
                     .name = std::move(name),
                     .user_seconds = seconds(kUser) + seconds(kUserOfChildren),
                     .system_seconds = seconds(kSystem) + seconds(kSystemOfChildren)};
}
}  // namespace

ProcessTree process_tree(const Files& files) {
  ProcessTree tree;
  const Looked<std::vector<std::string>> entries = files.list("/proc");
  if (!entries) return tree;
  for (const std::string& entry : *entries) {
    const std::optional<std::int64_t> process = parse_integer(entry);
    if (!process) continue;
    const Looked<std::string> text = files.read(fmt::format("/proc/{}/stat", *process), 4096);
    std::optional<ProcessNode> node = text ? parse_node(static_cast<pid_t>(*process), *text) : std::nullopt;
    if (node) tree[node->parent].push_back(std::move(*node));
  }
  return tree;
}

std::vector<ProcessNode> descendants(const ProcessTree& tree, pid_t root, const std::set<pid_t>& without) {
  std::vector<ProcessNode> found;
  std::vector<pid_t> parents = {root};
  while (!parents.empty()) {
    const auto children = tree.find(parents.back());
    parents.pop_back();
    if (children == tree.end()) continue;
    for (const ProcessNode& child : children->second) {
      if (without.contains(child.process)) continue;
      found.push_back(child);
      parents.push_back(child.process);
    }
  }
  return found;
}

}  // namespace varve
