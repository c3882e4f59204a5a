#include "kernels/generated_code.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <limits>
#include <vector>

#include "base/text.h"
#include "kernels/onednn_verbose.h"

namespace varve {
namespace {

constexpr std::size_t kMostBytes = 64u << 20;
constexpr std::size_t kMostFunctions = 1'000'000;
constexpr std::size_t kMostName = 1000;

std::optional<std::uint64_t> take_hexadecimal(std::string_view& line) {
  std::uint64_t value = 0;
  if (line.starts_with("0x")) line.remove_prefix(2);
  auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), value, 16);
  if (problem != std::errc() || end == line.data() + line.size() || *end != ' ') return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return value;
}

struct Generator {
  bool (*is_in)(std::string_view path);
  std::string_view names;
};

constexpr std::string_view kNode = "node names its own with --perf-basic-prof";
constexpr std::string_view kJava =
    "Java 17 and newer name theirs with -XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit";
constexpr std::string_view kDotnet = ".NET names its own with DOTNET_PerfMapEnabled=1";
constexpr Generator kGenerators[] = {
    {may_contain_onednn, "oneDNN names its own with ONEDNN_JIT_PROFILE=2"},
    {[](std::string_view path) { return file_name(path) == "node"; }, kNode},
    {[](std::string_view path) { return file_name(path) == "libjvm.so"; }, kJava},
    {[](std::string_view path) { return file_name(path) == "libcoreclr.so"; }, kDotnet},
};

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

GeneratedCode GeneratedCode::parse(std::string_view text) {
  GeneratedCode code;
  while (!text.empty() && code.functions_.size() < kMostFunctions) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    auto start = take_hexadecimal(line);
    auto size = start ? take_hexadecimal(line) : std::nullopt;
    if (!size || *size == 0 || *size > std::numeric_limits<std::uint64_t>::max() - *start) continue;
    std::string name = clean_utf8(trim(line), kMostName);
    if (!name.empty()) code.functions_[*start] = {*start + *size, std::move(name)};
  }
  return code;
}

Result<GeneratedCode> GeneratedCode::read(const std::string& path, double not_before) {
  auto refuse = [&](std::string found) {
    return Error{"reading the names of generated code", path, std::move(found), ""};
  };
  Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (file.fd < 0) return refuse(std::strerror(errno));
  struct stat status {};
  if (fstat(file.fd, &status) != 0) return refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse("it is not a regular file");
  if (status.st_uid != geteuid()) return refuse("it belongs to another user");
  if (static_cast<double>(status.st_mtime) + 1 < not_before) return refuse("it is older than the process");
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > kMostBytes) return refuse("it is over 64 MiB");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    ssize_t got = ::read(file.fd, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return parse(text);
}

std::optional<std::string> GeneratedCode::find(std::uint64_t address) const {
  auto after = functions_.upper_bound(address);
  if (after == functions_.begin()) return std::nullopt;
  const Function& function = std::prev(after)->second;
  if (address >= function.end) return std::nullopt;
  return function.name;
}

std::string how_generated_code_is_named(const std::set<std::string>& paths) {
  std::vector<std::string> ways;
  for (const Generator& generator : kGenerators) {
    const bool is_there = std::any_of(paths.begin(), paths.end(), generator.is_in);
    if (is_there) ways.emplace_back(generator.names);
  }
  return join(ways, "; ");
}

}  // namespace varve
