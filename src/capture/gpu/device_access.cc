// Whether this user may open the GPUs' device nodes, and whether a container runtime can name them to the device
// controller. Nodes are looked at, never opened: opening one may wake a GPU.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kModes = "driver.device_nodes.modes";
constexpr const char* kRefused = "driver.device_nodes.refused";
constexpr const char* kLinks = "driver.device_nodes.links";
constexpr unsigned kRead = 4, kWrite = 2;

// Who asks: the effective ids in /proc/PID/status (proc_pid_status(5)).
struct Identity {
  unsigned user = 0;
  std::set<unsigned> groups;
};

std::optional<Identity> identity_of(const Subject& subject) {
  const Looked<std::string> status = subject.world.files.read(subject.proc + "/status", std::size_t{64} << 10);
  if (!status) return std::nullopt;
  const std::vector<std::string_view> users = split_words(find_field(*status, "Uid").value_or(""));
  const std::vector<std::string_view> groups = split_words(find_field(*status, "Gid").value_or(""));
  if (users.size() < 2 || groups.size() < 2) return std::nullopt;
  const auto user = parse_integer(users[1]), group = parse_integer(groups[1]);
  if (!user || !group) return std::nullopt;
  Identity identity{.user = static_cast<unsigned>(*user), .groups = {static_cast<unsigned>(*group)}};
  for (const std::string_view word : split_words(find_field(*status, "Groups").value_or(""))) {
    if (const auto number = parse_integer(word)) identity.groups.insert(static_cast<unsigned>(*number));
  }
  return identity;
}

bool may_use(const Identity& identity, const FileAccess& access) {
  if (identity.user == 0) return true;
  const unsigned shift = identity.user == access.owner ? 6 : identity.groups.contains(access.group) ? 3 : 0;
  return ((access.mode >> shift) & (kRead | kWrite)) == (kRead | kWrite);
}

// The name in /etc/passwd or /etc/group of a number: "video:x:39:".
std::string name_of(const Files& files, const char* path, unsigned number) {
  const std::string text = files.read(path).value.value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() > 2 && fields[2] == std::to_string(number)) return clean_utf8(fields[0], 64);
  }
  return std::to_string(number);
}

void set_access(const Subject& subject, const std::vector<std::string>& nodes, Facts& facts) {
  const Files& files = subject.world.files;
  const std::optional<Identity> identity = identity_of(subject);
  std::vector<std::string> modes, refused;
  for (const std::string& node : nodes) {
    const Looked<FileAccess> access = files.access("/dev/" + node);
    if (!access) continue;
    modes.push_back(fmt::format("{} {:04o} {}:{}", node, access->mode, name_of(files, "/etc/passwd", access->owner),
                                name_of(files, "/etc/group", access->group)));
    if (identity && !may_use(*identity, *access)) refused.push_back(node);
  }
  const std::string source = "/dev/nvidia*, " + subject.proc + "/status";
  facts[kRefused] = !identity         ? missing_fact(Missing::unreadable, source, "the user's groups are not known")
                    : refused.empty() ? missing_fact(Missing::absent, source, "this user may use all of them")
                                      : known_fact(std::move(refused), source);
  facts[kModes] = modes.empty() ? missing_fact(Missing::unreadable, "/dev/nvidia*", "owners are not kept")
                                : known_fact(std::move(modes), "/dev/nvidia*");
}

// /dev/char/195:0 -> ../nvidia0. runc names devices to the device controller through these links.
Fact links_fact(const Files& files) {
  const Looked<std::vector<std::string>> names = files.list("/dev/char");
  if (!names) return missing_fact(Missing::unsupported, "/dev/char", "there is no such directory");
  std::vector<std::string> linked;
  for (const std::string& name : *names) {
    const std::string target = files.read_link("/dev/char/" + name).value.value_or("");
    const std::string node = file_name(target);
    if (node.starts_with("nvidia")) linked.push_back(clean_utf8(node, 64));
  }
  std::sort(linked.begin(), linked.end());
  return linked.empty() ? missing_fact(Missing::absent, "/dev/char", "no link to a device node of a GPU")
                        : known_fact(std::move(linked), "/dev/char");
}
}  // namespace

void collect_device_access(const Subject& subject, Facts& facts) {
  const auto found = facts.find("driver.device_nodes");
  if (found != facts.end() && found->second.is_known()) {
    set_access(subject, std::get<std::vector<std::string>>(*found->second.value), facts);
    facts[kLinks] = links_fact(subject.world.files);
    return;
  }
  const Fact none = found == facts.end() || has_no_gpu(facts)
                        ? missing_fact(Missing::not_applicable, "/dev/nvidia*", "no GPU")
                        : missing_fact(found->second.missing, "/dev/nvidia*", "no device node of a GPU");
  for (const char* id : {kModes, kRefused, kLinks}) facts[id] = none;
}

}  // namespace varve
