#include "capture/system/cgroup_tree.h"

#include <algorithm>

#include "base/text.h"
#include "world/reading.h"

namespace varve {

namespace {
struct CgroupMount {
  std::string root, directory;
  bool unified = false;
  std::vector<std::string> options;  // of the superblock: the controllers among them
};

// proc_pid_mountinfo(5): "36 31 0:33 /root /directory options optional-fields - type source super-options". The super
// options of a v1 hierarchy name its controllers.
std::vector<CgroupMount> read_mounts(const Files& files, const std::string& proc) {
  std::vector<CgroupMount> mounts;
  const Looked<std::string> text = files.read(proc + "/mountinfo", std::size_t{4} << 20);
  if (!text) return mounts;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const std::vector<std::string_view> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string_view> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3 || (right[0] != "cgroup" && right[0] != "cgroup2")) continue;
    CgroupMount mount{decode_octal(left[3]), decode_octal(left[4]), right[0] == "cgroup2", {}};
    for (const std::string_view option : split(right[2], ',')) mount.options.emplace_back(option);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The mount that shows the line's hierarchy. Without a readable mountinfo, the places everybody uses.
void place_line(const Files& files, const std::vector<CgroupMount>& mounts, CgroupLine& line) {
  for (const CgroupMount& mount : mounts) {
    if (mount.unified != line.unified) continue;
    if (!line.unified && !contains(mount.options, line.controllers.front())) continue;
    line.mount = mount.directory;
    line.mount_root = mount.root;
    return;
  }
  if (!mounts.empty()) return;
  const std::string base = "/sys/fs/cgroup";
  const std::vector<std::string> guesses =
      line.unified
          ? std::vector<std::string>{base + "/unified", base}
          : std::vector<std::string>{base + "/" + join(line.controllers, ","), base + "/" + line.controllers.front()};
  for (const std::string& guess : guesses) {
    if (!files.exists(guess + (line.unified ? "/cgroup.controllers" : "/cgroup.procs"))) continue;
    line.mount = guess;
    line.mount_root = "/";
    return;
  }
}

std::vector<CgroupLine> parse_lines(std::string_view text) {
  std::vector<CgroupLine> lines;
  for (const std::string_view raw : split(text, '\n')) {
    const std::size_t first = raw.find(':');
    const std::size_t second = first == std::string_view::npos ? first : raw.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    CgroupLine line;
    for (const std::string_view name : split(raw.substr(first + 1, second - first - 1), ',')) {
      line.controllers.emplace_back(name);
    }
    line.unified = line.controllers.empty();
    line.path = raw.substr(second + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

Fact version_of(const std::vector<CgroupLine>& lines, const std::string& source) {
  const bool unified = std::any_of(lines.begin(), lines.end(), [](const CgroupLine& line) { return line.unified; });
  const bool separate = std::any_of(lines.begin(), lines.end(), [](const CgroupLine& line) { return !line.unified; });
  if (!unified && !separate) return missing_fact(Missing::absent, source, "the process is in no control group");
  return known_fact(unified && separate ? "hybrid" : unified ? "v2" : "v1", source);
}
}  // namespace

CgroupTree read_cgroup_tree(const Files& files, const std::string& proc) {
  const std::string path = proc + "/cgroup";
  const Looked<std::string> text = files.read(path);
  if (!text) return {missing_because(text, path, "the kernel has no control groups"), {}};
  CgroupTree tree{{}, parse_lines(*text)};
  tree.version = version_of(tree.lines, path);
  const std::vector<CgroupMount> mounts = read_mounts(files, proc);
  for (CgroupLine& line : tree.lines) place_line(files, mounts, line);
  return tree;
}

CgroupPlace find_cgroup(const CgroupTree& tree, std::string_view controller) {
  CgroupPlace place;
  if (tree.lines.empty()) {
    place.problem = tree.version;
    return place;
  }
  const CgroupLine* chosen = nullptr;
  for (const CgroupLine& line : tree.lines) {
    if (contains(line.controllers, controller)) chosen = &line;
    if (line.unified && chosen == nullptr) chosen = &line;
  }
  const std::string what = std::string(controller) + " controller";
  if (chosen == nullptr) {
    place.problem = missing_fact(Missing::not_applicable, tree.version.source, "no hierarchy has the " + what);
    return place;
  }
  if (chosen->mount.empty()) {
    place.problem =
        missing_fact(Missing::absent, tree.version.source, "the hierarchy of the " + what + " is not mounted");
    return place;
  }
  place.unified = chosen->unified;
  // In a container the mount shows only a part of the hierarchy; a path outside of it is known by its root alone.
  std::string path = chosen->path;
  const std::string& root = chosen->mount_root;
  if (root != "/" && path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/')) {
    path.erase(0, root.size());
  }
  if (path.find("/..") != std::string::npos) path.clear();
  while (path.ends_with('/')) path.pop_back();
  for (; !path.empty(); path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'))) {
    place.groups.push_back(chosen->mount + path);
  }
  place.mount = chosen->mount;
  place.groups.push_back(chosen->mount);
  return place;
}

}  // namespace varve
