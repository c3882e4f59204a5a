#include <algorithm>

#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
// Where the loaders of the common distributions find libc.so.6.
constexpr const char* kGlibcPaths[] = {"/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6",
                                       "/lib64/libc.so.6", "/usr/lib/libc.so.6", "/lib/libc.so.6"};
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

// glibc's csu/version.c: "GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\n…" stands in its
// read-only data. The file is searched in pieces; nothing is executed.
Looked<std::string> glibc_banner(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(path);
  if (!file) return {std::nullopt, file.failure, file.detail};
  constexpr std::string_view kStart = "GNU C Library (";
  constexpr std::size_t kPiece = std::size_t{256} << 10, kOverlap = 512;
  std::string buffer;
  for (std::size_t read = 0; read < kMostBytes;) {
    buffer.erase(0, buffer.size() - std::min(buffer.size(), kOverlap));
    const std::optional<std::string> piece = file->start(read, kPiece);
    if (!piece || piece->empty()) break;
    buffer += *piece;
    read += piece->size();
    const std::size_t at = buffer.find(kStart);
    if (at == std::string::npos) continue;
    const std::size_t end = buffer.find('\n', at);
    if (end != std::string::npos) return {buffer.substr(at, end - at), {}, {}};
  }
  return {std::nullopt, LookFailure::unreadable, "no version is written in the file"};
}

std::optional<std::string> banner_version(std::string_view banner) {
  constexpr std::string_view kWords = "release version ";
  const std::size_t at = banner.find(kWords);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view version = banner.substr(at + kWords.size());
  version = version.substr(0, version.find_first_not_of("0123456789."));
  while (version.ends_with('.')) version.remove_suffix(1);
  return version.empty() ? std::nullopt : std::optional<std::string>(version);
}

Fact glibc_fact(const Files& files, const std::string& path) {
  // Until 2.33 the file behind the link was called libc-2.31.so.
  const std::string resolved = files.resolve(path).value.value_or(path);
  const std::string_view name = std::string_view(resolved).substr(resolved.rfind('/') + 1);
  if (name.starts_with("libc-2.") && name.ends_with(".so")) {
    return known_fact("glibc " + std::string(name.substr(5, name.size() - 8)), path);
  }
  const Looked<std::string> banner = glibc_banner(files, path);
  if (!banner) return missing_because(banner, path);
  const std::optional<std::string> version = banner_version(*banner);
  if (!version) return missing_fact(Missing::unreadable, path, clean_utf8(*banner, 120));
  return known_fact("glibc " + *version, path);
}

// musl writes no version that can be told from other text; Alpine's package list has it ("P:musl", "V:1.2.4-r2").
Fact musl_fact(const Files& files, const std::string& loader) {
  const std::string packages = "/lib/apk/db/installed";
  const Looked<std::string> text = files.read(packages, std::size_t{16} << 20);
  const std::size_t at = text ? text->find("\nP:musl\nV:") : std::string::npos;
  if (at == std::string::npos) return known_fact("musl", loader);
  const std::size_t begin = at + 10;
  return known_fact("musl " + clean_utf8(text->substr(begin, text->find('\n', begin) - begin), 64), packages);
}
}  // namespace

void collect_c_library(const Subject& subject, Facts& facts) {
  const Files& files = subject.files;
  Fact& fact = facts["os.libc"];
  const bool own = subject.options.kind == SubjectKind::host;
  if (own && !subject.world.c_library.empty()) {
    fact = known_fact(subject.world.c_library, "gnu_get_libc_version");
    return;
  }
  for (const char* path : kGlibcPaths) {
    if (!files.exists(path)) continue;
    fact = glibc_fact(files, path);
    return;
  }
  const Looked<std::vector<std::string>> names = files.list("/lib");
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    if (!name.starts_with("ld-musl-")) continue;
    fact = musl_fact(files, "/lib/" + name);
    return;
  }
  fact = missing_fact(Missing::absent, "/lib", "no C library in the usual places");
}

}  // namespace varve
