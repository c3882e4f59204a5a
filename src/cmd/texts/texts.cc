#include "cmd/texts/texts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
constexpr std::size_t kStart = std::size_t{64} << 10;  // bytes that tell what a file is

Error text_error(const std::string& path, const std::string& found) {
  return {"reading the text", path, found, "Give a log, a report or an issue; - is standard input"};
}

// A file that has no name; below $TMPDIR, so that a log of any size finds room.
FileHandle unnamed_file() {
  const char* folder = std::getenv("TMPDIR");
  const int fd = open(folder != nullptr && *folder != '\0' ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return FileHandle(fd >= 0 ? fd : memfd_create("varve-text", MFD_CLOEXEC));
}

// Up to one byte more than is read of a text, so that it is known to go on.
Status copy_pipe(int from, int into, const std::string& path) {
  std::string piece(std::size_t{1} << 18, '\0');
  for (std::int64_t copied = 0; copied <= kTextCap;) {
    const ssize_t got = read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return text_error(path, std::strerror(errno));
    if (got == 0) return Done{};
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = write(into, piece.data() + done, static_cast<std::size_t>(got - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return text_error(path, std::string("keeping it: ") + std::strerror(errno));
      done += written;
    }
    copied += got;
  }
  return Done{};
}
// As PowerShell writes files: two bytes a character, of which what readers look for has none above 127.
constexpr std::string_view kWide = "\xff\xfe";

std::string narrow(std::string_view wide) {
  std::string text;
  text.reserve(wide.size() / 2);
  for (std::size_t i = kWide.size(); i + 1 < wide.size(); i += 2) text += wide[i + 1] == '\0' ? wide[i] : '?';
  return text;
}

// The text of one byte a character in a file without a name; nothing where the file is none of two.
Result<FileHandle> narrowed(const FileReader& file, const std::string& path) {
  std::string wide(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kTextCap)), '\0');
  const ssize_t got = pread(file.fd(), wide.data(), wide.size(), 0);
  if (got < 0) return text_error(path, std::strerror(errno));
  wide.resize(static_cast<std::size_t>(got));
  FileHandle kept = unnamed_file();
  const std::string text = narrow(wide);
  if (!kept || write(kept.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return text_error(path, std::string("keeping it: ") + std::strerror(errno));
  }
  return kept;
}

bool is_wide(const FileReader& file) {
  char start[2] = {};
  return pread(file.fd(), start, sizeof start, 0) == 2 && std::string_view(start, 2) == kWide;
}
}  // namespace

Result<OpenText> open_text(const std::string& path) {
  const bool is_standard_input = path == "-";
  const std::string name = is_standard_input ? "standard input" : clean_utf8(file_name(path), 128);
  FileHandle file(is_standard_input ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return text_error(path, std::strerror(errno));
  Result<FileReader> reader = FileReader::open(file.fd(), path);
  if (!reader) {
    FileHandle kept = unnamed_file();
    if (!kept) return text_error(path, std::string("keeping it: ") + std::strerror(errno));
    if (const Status copied = copy_pipe(file.fd(), kept.fd(), path); !copied) return copied.error();
    file = std::move(kept);
  }
  reader = FileReader::open(std::move(file), path);
  if (!reader) return reader.error();
  if (is_wide(*reader)) {
    Result<FileHandle> kept = narrowed(*reader, path);
    if (!kept) return kept.error();
    reader = FileReader::open(std::move(*kept), path);
    if (!reader) return reader.error();
  }
  return OpenText{name, std::move(*reader)};
}

namespace {
// A kernel that does not run here: what the text says was not seen on this machine.
bool names_another_kernel(const Stack& stack) {
  const auto told = stack.facts.find("os.kernel.release");
  utsname here = {};
  return told != stack.facts.end() && told->second.is_known() && uname(&here) == 0 &&
         value_text(*told->second.value) != here.release;
}
}  // namespace

Result<ReadText> read_text(OpenText text, const Knowledge& knowledge) {
  Result<Disclosure> disclosure = read_disclosure(text.file, text.name);
  if (!disclosure) return disclosure.error();
  Stack stack = stack_of_text(*disclosure, text.name, knowledge);
  TextAccount account = account_of_text(*disclosure, stack);
  const bool names_machine = disclosure->names_machine() || names_another_kernel(stack);
  return ReadText{std::move(text), std::move(stack), std::move(account), names_machine};
}

namespace {
constexpr std::size_t kMostMachines = 8;

// The line from which on the text is of another machine: another driver and another GPU. 0: there is none. Another
// driver alone may be of before and after an update.
std::int64_t next_machine_line(const TextAccount& account) {
  std::int64_t driver = 0, gpu = 0;
  for (const TextConflict& conflict : account.conflicts) {
    if (driver == 0 && conflict.id == "driver.kernel_mode.version") driver = conflict.other_line;
    if (gpu == 0 && conflict.id.starts_with("GPU ")) gpu = conflict.other_line;
  }
  return driver == 0 ? 0 : std::min(driver, gpu);
}

// A file without a name that holds a part of the text; lines keep their numbers.
Result<OpenText> part_of(const std::string& text, std::size_t first, std::size_t end, std::int64_t empty_lines,
                         const std::string& name) {
  const std::string part = std::string(static_cast<std::size_t>(empty_lines), '\n') + text.substr(first, end - first);
  FileHandle kept = unnamed_file();
  if (!kept || write(kept.fd(), part.data(), part.size()) != static_cast<ssize_t>(part.size())) {
    return text_error(name, std::string("keeping it: ") + std::strerror(errno));
  }
  Result<FileReader> reader = FileReader::open(std::move(kept), name);
  if (!reader) return reader.error();
  return OpenText{name, std::move(*reader)};
}

std::size_t start_of_line(std::string_view text, std::int64_t line) {
  std::size_t at = 0;
  for (; line > 1 && at < text.size(); --line) {
    const std::size_t end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return at;
}
}  // namespace

Result<std::vector<ReadText>> read_machines(OpenText text, const Knowledge& knowledge) {
  constexpr std::uint64_t kMostDivided = std::uint64_t{16} << 20;  // what people write, not a log
  const std::string name = text.name;
  Result<ReadText> first = read_text(std::move(text), knowledge);
  if (!first) return first.error();
  std::vector<ReadText> machines;
  machines.push_back(std::move(*first));
  std::int64_t start = 1;  // of the last one
  while (machines.size() < kMostMachines) {
    const std::int64_t line = next_machine_line(machines.back().account);
    const FileReader& file = machines.back().text.file;
    if (line <= 1 || file.size() > kMostDivided) break;
    const auto whole = file.start(0, file.size());
    const std::size_t cut = whole ? start_of_line(*whole, line) : 0;
    if (cut == 0 || cut >= whole->size() || whole->starts_with("\x1f\x8b") || whole->starts_with("\x28\xb5\x2f\xfd"))
      break;
    const std::string lines =
        start == 1 ? fmt::format("up to line {}", line - 1) : fmt::format("from line {} to {}", start, line - 1);
    Result<OpenText> before = part_of(*whole, 0, cut, 0, name + " " + lines);
    if (!before) return before.error();
    Result<OpenText> behind = part_of(*whole, cut, whole->size(), line - 1, fmt::format("{} from line {}", name, line));
    if (!behind) return behind.error();
    machines.pop_back();
    start = line;
    for (Result<OpenText>* part : {&before, &behind}) {
      Result<ReadText> read = read_text(std::move(**part), knowledge);
      if (!read) return read.error();
      machines.push_back(std::move(*read));
    }
  }
  return machines;
}

Result<LogReading> read_errors(const OpenText& text, const ErrorPatterns& patterns) {
  if (lseek(text.file.fd(), 0, SEEK_SET) < 0) return text_error(text.name, std::strerror(errno));
  return read_log(text.file.fd(), text.name, patterns);
}

namespace {
// Logs begin with "[" and "{" too: "[TRT] [E] …", "[  1.2] NVRM: …", "{'build': …}". JSON goes on with a member, a
// value or its end.
bool begins_as_json(std::string_view text) {
  const bool is_object = text.starts_with('{');
  if (!is_object && !text.starts_with('[')) return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  if (next == std::string_view::npos) return true;
  const char c = text[next];
  return c == '"' || (is_object ? c == '}' : c == '{' || c == '[' || c == ']');
}
}  // namespace

bool is_text_to_read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(kStart, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (start.starts_with("\x1f\x8b") && path.ends_with(".gz") && !path.ends_with(".tar.gz")) return true;
  if (start.starts_with(kWide)) return true;
  const std::string_view text = start;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < '\t'; };
  if (text.empty() || text.starts_with("\x28\xb5\x2f\xfd") ||
      std::any_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(512, text.size())),
                  is_control)) {
    return false;
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return true;
  if (!begins_as_json(text.substr(first)) || text.substr(first).starts_with("{\"log\":")) return true;
  if (text.find("\"varve/") != std::string_view::npos) return false;
  return text.find("\"HostConfig\"") != std::string_view::npos || text.find("\"Config\": {") != std::string_view::npos;
}

}  // namespace varve
