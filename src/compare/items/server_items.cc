#include "compare/items/server_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "model/setup/shell_words.h"

namespace varve {

namespace {
constexpr const char* kNoServer = "(not set)";
constexpr std::size_t kMostSettings = 4;  // of a file, in the text of an item

using Words = std::vector<std::string>;

// The port at which a server is ready, as digits; it stands in "port 6379" and in "http://127.0.0.1:8000/health".
std::string port_of(const ServerSetup& server) {
  for (const std::string_view before : {"port ", "://"}) {
    std::size_t at = server.ready.find(before);
    if (at == std::string::npos) continue;
    at += before.size();
    if (before == "://") at = std::min(server.ready.find(':', at), server.ready.size() - 1) + 1;
    const std::size_t end = server.ready.find_first_not_of("0123456789", at);
    const std::string port = server.ready.substr(at, end == std::string::npos ? end : end - at);
    if (!port.empty()) return port;
  }
  return "";
}

// Two servers that are up together need a port each: that is where they answer, and nothing of what they do.
std::string without_port(const std::string& word, const std::string& port) {
  if (port.empty()) return word;
  std::string plain;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t end = std::min(word.find_first_not_of("0123456789", at), word.size());
    const std::string digits = word.substr(at, end - at);
    plain += digits == port ? std::string("{port}") : digits;
    for (at = end; at < word.size() && !is_digit(word[at]); ++at) plain += word[at];
  }
  return plain;
}

Words without_port(const Words& words, const std::string& port) {
  Words plain;
  for (const std::string& word : words) plain.push_back(without_port(word, port));
  return plain;
}

const NamedFile* server_file_at(const ServerSetup& server, std::size_t argument) {
  const auto found = std::find_if(server.files.begin(), server.files.end(),
                                  [&](const NamedFile& file) { return file.argument == static_cast<int>(argument); });
  return found == server.files.end() ? nullptr : &*found;
}

struct Option {
  Words values;
  std::vector<std::size_t> places;  // of the values, in the command; 0: it stands in the option's own word
};

// The words behind the program by the option that they follow; what stands before the first is "".
std::map<std::string, Option> options_of(const Words& words) {
  std::map<std::string, Option> options;
  std::string name;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.size() < 2 || word[0] != '-' || is_digit(word[1]) || word[1] == '.') {
      options[name].values.push_back(word);
      options[name].places.push_back(i);
      continue;
    }
    const std::size_t equals = word.find('=');
    name = word.substr(0, equals);
    Option& option = options[name];
    if (equals == std::string::npos) continue;
    option.values.push_back(word.substr(equals + 1));
    option.places.push_back(i);
    name.clear();  // what follows is no value of it
  }
  return options;
}

// Both are the same, or files whose content is held against each other by itself.
bool is_same_option(const Option& a, const Option& b, const ServerSetup& server_a, const ServerSetup& server_b) {
  if (a.values.size() != b.values.size()) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const bool files =
        server_file_at(server_a, a.places[i]) != nullptr && server_file_at(server_b, b.places[i]) != nullptr;
    if (!files && without_port(a.values[i], port_of(server_a)) != without_port(b.values[i], port_of(server_b))) {
      return false;
    }
  }
  return true;
}

std::string option_text(const std::map<std::string, Option>& options, const std::string& name) {
  const auto found = options.find(name);
  if (found == options.end()) return "(not given)";
  if (found->second.values.empty()) return "(given)";
  Words shown = found->second.values;
  for (std::string& value : shown) value = value.empty() ? "\"\"" : value;
  return join(shown, " ");
}

void add_options(const ServerSetup& a, const ServerSetup& b, const Words& words_a, const Words& words_b,
                 std::vector<ControlItem>& items) {
  const std::map<std::string, Option> of_a = options_of(words_a), of_b = options_of(words_b);
  std::map<std::string, bool> names;
  for (const auto* side : {&of_a, &of_b}) {
    for (const auto& [name, option] : *side) names.emplace(name, true);
  }
  for (const auto& [name, known] : names) {
    const auto in_a = of_a.find(name), in_b = of_b.find(name);
    if (in_a != of_a.end() && in_b != of_b.end() && is_same_option(in_a->second, in_b->second, a, b)) continue;
    const std::string title = name.empty() ? "server's arguments" : "server's " + name;
    items.push_back({"server." + (name.empty() ? "arguments" : name), Layer::settings, title, option_text(of_a, name),
                     option_text(of_b, name), ItemState::different, false});
  }
}

std::string program_text(const ServerSetup& server) {
  if (server.program.empty()) return "(not known)";
  const std::string digest =
      server.program_digest.empty() ? "no digest" : "sha256 " + server.program_digest.substr(0, 12);
  const std::string package = server.program_package.substr(server.program_package.find(' ') + 1);
  return fmt::format("{} ({}{})", server.program, package.empty() ? "" : package + ", ", digest);
}

void add_server_program(const ServerSetup& a, const ServerSetup& b, bool one_document,
                        std::vector<ControlItem>& items) {
  ControlItem item{"server.program",
                   Layer::framework,
                   "server's program",
                   program_text(a),
                   program_text(b),
                   ItemState::unknown,
                   false};
  if (!a.program_digest.empty() && !b.program_digest.empty()) {
    item.state = a.program_digest == b.program_digest ? ItemState::same : ItemState::different;
  } else if (one_document && a.command == b.command) {
    item.state = ItemState::shared;
  }
  items.push_back(std::move(item));
}

// The lines of `these` that `others` lack; a line that stands there twice counts twice.
Words lines_beyond(const Words& these, Words others) {
  Words beyond;
  for (const std::string& line : these) {
    const auto found = std::find(others.begin(), others.end(), line);
    if (found == others.end()) {
      beyond.push_back(line);
    } else {
      others.erase(found);
    }
  }
  return beyond;
}

std::string file_text(const NamedFile* file) {
  if (file == nullptr) return "(not named)";
  return fmt::format("{} ({})", file->path,
                     file->digest.empty() ? "no digest: " + file->missing : "sha256 " + file->digest.substr(0, 12));
}

ControlItem server_file(const NamedFile* a, const NamedFile* b, const ServerSetup& server_a,
                        const ServerSetup& server_b) {
  const std::string path = (a != nullptr ? a : b)->path;
  ControlItem item{"server.file." + path,
                   Layer::settings,
                   "server's file " + file_name(path),
                   file_text(a),
                   file_text(b),
                   ItemState::unknown,
                   false};
  if (a == nullptr || b == nullptr) {
    item.state = ItemState::follows;  // from the argument that names it on one side alone
    return item;
  }
  if (a->digest.empty() || b->digest.empty()) return item;
  item.state = a->digest == b->digest ? ItemState::same : ItemState::different;
  if (item.state == ItemState::same || a->lines.empty() || b->lines.empty()) return item;
  const Words lines_a = without_port(a->lines, port_of(server_a)), lines_b = without_port(b->lines, port_of(server_b));
  const Words only_a = lines_beyond(lines_a, lines_b), only_b = lines_beyond(lines_b, lines_a);
  if (only_a.empty() && only_b.empty()) {
    item.state = lines_a == lines_b ? ItemState::same : ItemState::different;  // the order of settings may tell
    return item;
  }
  item.a = only_a.empty() ? "(not set)" : and_more(only_a, kMostSettings);
  item.b = only_b.empty() ? "(not set)" : and_more(only_b, kMostSettings);
  return item;
}

// The file of the other side at the same place of the command's options, else of the same path.
const NamedFile* partner_of(const NamedFile& file, const Words& words, const ServerSetup& other,
                            const Words& other_words) {
  const auto place = [](const Words& in, const NamedFile& named) {
    const auto options = options_of(in);
    for (const auto& [name, option] : options) {
      for (std::size_t i = 0; i < option.places.size(); ++i) {
        if (option.places[i] == static_cast<std::size_t>(named.argument)) return fmt::format("{} {}", name, i);
      }
    }
    return std::string();
  };
  for (const NamedFile& candidate : other.files) {
    if (place(other_words, candidate) == place(words, file)) return &candidate;
  }
  for (const NamedFile& candidate : other.files) {
    if (candidate.path == file.path) return &candidate;
  }
  return nullptr;
}

void add_server_files(const ServerSetup& a, const ServerSetup& b, const Words& words_a, const Words& words_b,
                      std::vector<ControlItem>& items) {
  std::vector<const NamedFile*> partners;
  for (const NamedFile& file : a.files) {
    partners.push_back(partner_of(file, words_a, b, words_b));
    items.push_back(server_file(&file, partners.back(), a, b));
  }
  for (const NamedFile& file : b.files) {
    if (std::find(partners.begin(), partners.end(), &file) == partners.end()) {
      items.push_back(server_file(nullptr, &file, a, b));
    }
  }
}

std::string whole_text(const std::optional<ServerSetup>& server) {
  return server ? fmt::format("{} (one for each {})", join(server->command, " "), server->lives) : kNoServer;
}
}  // namespace

void add_server_items(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<ServerSetup>&a = sides.variant_a->server, &b = sides.variant_b->server;
  if (!a && !b) return;
  const std::optional<Words> words_a = a ? simple_command(a->command) : std::nullopt;
  const std::optional<Words> words_b = b ? simple_command(b->command) : std::nullopt;
  ControlItem whole{"server", Layer::settings, "server", whole_text(a), whole_text(b), ItemState::same, false};
  if (!words_a || !words_b) {
    whole.state = whole.a == whole.b ? ItemState::same : ItemState::different;
    items.push_back(std::move(whole));
    if (a && b) add_server_program(*a, *b, sides.one_document, items);
    return;
  }
  if (a->lives != b->lives) {
    items.push_back(
        {"server.lives", Layer::settings, "a server lives for one", a->lives, b->lives, ItemState::different, false});
  }
  const std::size_t before = items.size();
  add_options(*a, *b, *words_a, *words_b, items);
  if (items.size() == before) items.push_back(std::move(whole));  // nothing but where it answers and what it reads
  add_server_program(*a, *b, sides.one_document, items);
  add_server_files(*a, *b, *words_a, *words_b, items);
}

bool command_differs_by_address(const Sides& sides) {
  const Variant &a = *sides.variant_a, &b = *sides.variant_b;
  if (!a.server || !b.server || a.command == b.command) return false;
  return without_port(a.command, port_of(*a.server)) == without_port(b.command, port_of(*b.server));
}

}  // namespace varve
