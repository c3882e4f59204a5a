#include "binary/version/library_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/library_file_name.h"
#include "base/text.h"
#include "binary/elf/dynamic_section.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/read_only_strings_scan.h"
#include "binary/version/static_runtime.h"
#include "binary/version/static_runtime_immediates.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostFunctionBytes = 4096;
constexpr std::uint64_t kMostTextBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMostVersionBytes = 32;

struct Asked {
  const FileReader& reader;
  const DynamicImage& image;
  std::string soname_major;  // "13"; empty when the SONAME has no number
};

std::string first_number(std::string_view version) { return std::string(version.substr(0, version.find('.'))); }

bool is_dotted(std::string_view text, std::size_t least, std::size_t most) {
  if (text.empty() || text.back() == '.' || text.size() > kMostVersionBytes) return false;
  auto pieces = split(text, '.');
  auto is_number = [](std::string_view piece) {
    return !piece.empty() && std::all_of(piece.begin(), piece.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return pieces.size() >= least && pieces.size() <= most && std::all_of(pieces.begin(), pieces.end(), is_number);
}

// The digits and dots at the start of a text.
std::string_view leading_version(std::string_view text) {
  text = text.substr(0, std::min(text.find_first_not_of("0123456789."), kMostVersionBytes));
  while (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::optional<std::vector<std::byte>> body_of(const DynamicImage& image, std::string_view getter) {
  auto symbol = find_exported(image, getter);
  if (!symbol || !symbol->is_function || image.headers.file.e_machine != EM_X86_64) return std::nullopt;
  std::vector<std::byte> body(std::min(symbol->size, kMostFunctionBytes));
  if (body.empty() || !image.read_address(symbol->address, body)) return std::nullopt;
  return body;
}

std::string scaled(std::uint32_t number, std::uint32_t scale, int parts) {
  std::string version = fmt::format("{}.{}", number / scale, number % scale / 100);
  return parts >= 3 ? fmt::format("{}.{}", version, number % 100) : version;
}

// The one version that the constants of a getter can stand for; nothing when there is none or more than one.
std::optional<std::string> stored_version(const Asked& asked, const VersionRow& row) {
  auto body = body_of(asked.image, row.name);
  if (!body) return std::nullopt;
  std::set<std::string> versions;
  for (const StoredNumber& stored : stored_numbers(*body, body->size(), true)) {
    for (std::uint32_t scale : {1000u, 10'000u}) {
      if (row.scale == (scale == 1000 ? VersionScale::ten_thousand : VersionScale::thousand)) continue;
      if (stored.value < 100 || stored.value > 990'000) continue;
      std::string version = scaled(stored.value, scale, row.parts);
      if (first_number(version) == asked.soname_major) versions.insert(std::move(version));
    }
  }
  if (versions.size() != 1) return std::nullopt;
  return *versions.begin();
}

// Numbers stored through the first, second and third argument: rdi, rsi, rdx (System V ABI).
std::optional<std::string> pieces_version(const Asked& asked, const VersionRow& row) {
  auto body = body_of(asked.image, row.name);
  if (!body) return std::nullopt;
  constexpr std::array<std::uint8_t, 3> kArguments = {7, 6, 2};
  std::array<std::optional<std::uint32_t>, 3> pieces;
  for (const StoredNumber& stored : stored_numbers(*body, body->size(), false)) {
    auto argument = std::find(kArguments.begin(), kArguments.end(), stored.register_number);
    if (!stored.plain_address || argument == kArguments.end() || stored.value > 9999) continue;
    auto& piece = pieces[static_cast<std::size_t>(argument - kArguments.begin())];
    if (piece && *piece != stored.value) return std::nullopt;
    piece = stored.value;
  }
  std::string version;
  for (int i = 0; i < row.parts; ++i) {
    if (!pieces[i]) return std::nullopt;
    version += fmt::format("{}{}", i == 0 ? "" : ".", *pieces[i]);
  }
  return version;
}

// What an instruction of `opcode` and a displacement relative to its own end (rip) at `offset` of a getter speaks of.
template <std::size_t count>
bool read_referenced(const Asked& asked, const std::string& getter, std::size_t offset,
                     std::array<std::uint32_t, count>& numbers) {
  auto body = body_of(asked.image, getter);
  auto symbol = find_exported(asked.image, getter);
  if (!body || !symbol || body->size() < offset + 7) return false;
  std::int32_t displacement = 0;
  std::memcpy(&displacement, body->data() + offset + 3, sizeof displacement);
  const std::uint64_t address = symbol->address + offset + 7 + static_cast<std::uint64_t>(std::int64_t{displacement});
  return asked.image.read_address(address, std::as_writable_bytes(std::span(numbers)));
}

// Where the bytes stand in the body of a getter; four dots stand for a displacement.
std::optional<std::size_t> find_code(const Asked& asked, const std::string& getter, std::string_view opcode,
                                     std::string_view behind) {
  auto body = body_of(asked.image, getter);
  if (!body) return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char*>(body->data()), body->size());
  for (std::size_t at = bytes.find(opcode); at != bytes.npos; at = bytes.find(opcode, at + 1)) {
    if (at + 7 <= bytes.size() && bytes.substr(at + 7).starts_with(behind)) return at;
  }
  return std::nullopt;
}

// lea rax, [rip + displacement]; ret (48 8d 05 disp32 c3), the whole body of a getter that returns an address.
std::optional<std::string> structure_version(const Asked& asked, const VersionRow& row) {
  std::array<std::uint32_t, 3> numbers{};
  if (find_code(asked, row.name, "\x48\x8d\x05", "\xc3") != 0u) return std::nullopt;
  if (!read_referenced(asked, row.name, 0, numbers)) return std::nullopt;
  for (std::uint32_t number : numbers) {
    if (number > 9999) return std::nullopt;
  }
  return fmt::format("{}.{}.{}", numbers[0], numbers[1], numbers[2]);
}

// mov rax, [rip + displacement]; mov [rdi], rax (48 8b 05 disp32, 48 89 07): two numbers at once, the version and the
// CUDA release, copied to the caller.
std::optional<LibraryVersion> copied_version(const Asked& asked, const VersionRow& row) {
  std::array<std::uint32_t, 2> numbers{};
  const auto at = find_code(asked, row.name, "\x48\x8b\x05", "\x48\x89\x07");
  if (!at || !read_referenced(asked, row.name, *at, numbers)) return std::nullopt;
  if (numbers[0] < 100 || numbers[0] > 990'000) return std::nullopt;
  const std::string how = fmt::format("data of {}", row.name);
  LibraryVersion found{scaled(numbers[0], row.scale == VersionScale::thousand ? 1000 : 10'000, row.parts),
                       how,
                       Standing::inferred,
                       {},
                       {}};
  if (is_cuda_version(numbers[1])) {
    found.runtime = cuda_version_text(static_cast<int>(numbers[1]));
    found.runtime_how = how;
  }
  return found;
}

std::optional<std::string> data_version(const Asked& asked, const VersionRow& row) {
  auto symbol = find_exported(asked.image, row.name);
  std::array<std::uint8_t, 4> bytes{};
  if (!symbol || symbol->is_function || symbol->size != bytes.size()) return std::nullopt;
  if (!asked.image.read_address(symbol->address, std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
  if (bytes[3] != 0 || bytes[2] == 0) return std::nullopt;
  return fmt::format("{}.{}.{}", bytes[2], bytes[1], bytes[0]);
}

// The first text that `take` accepts; it is shown the bytes from an occurrence of `mark` on.
template <class Take>
void for_each_text(const FileReader& reader, std::string_view mark, Take take) {
  auto ranges = read_only_ranges(reader, "");
  if (!ranges) return;
  std::uint64_t left = kMostTextBytes;
  bool done = false;
  for (const ReadOnlyRange& range : *ranges) {
    const std::uint64_t size = std::min(range.size, left);
    left -= size;
    (void)scan_range(reader, range.offset, size, 256, [&](const ScanWindow& window) {
      for (std::size_t at = find_bytes(window.bytes, mark, window.begin); at < window.end && !done;
           at = find_bytes(window.bytes, mark, at + 1)) {
        done = take(window.bytes.substr(at));
      }
      return !done;
    });
    if (done) return;
  }
}

// "NCCL version 2.30.7+cuda13.3" or "Cuda compilation tools, release 13.2, V13.2.86"; templates of the same texts with
// "%d" in place of the numbers are passed over.
std::optional<LibraryVersion> text_version(const Asked& asked, const VersionRow& row) {
  std::optional<LibraryVersion> found;
  for_each_text(asked.reader, row.name, [&](std::string_view text) {
    if (row.name == kCudaToolsMark) {
      auto tools = parse_cuda_tools(text);
      if (!tools) return false;
      found = LibraryVersion{tools->substr(tools->rfind('V') + 1), {}, Standing::recorded, {}, {}};
    } else {
      std::string_view version = leading_version(text.substr(row.name.size()));
      if (!is_dotted(version, 2, 4)) return false;
      found = LibraryVersion{std::string(version), {}, Standing::recorded, {}, {}};
      std::string_view rest = text.substr(row.name.size() + version.size());
      std::string_view cuda = rest.starts_with("+cuda") ? leading_version(rest.substr(5)) : "";
      if (is_dotted(cuda, 2, 2)) found->runtime = cuda;
    }
    return true;
  });
  if (!found) return std::nullopt;
  found->how = fmt::format("text \"{}{}\"", row.name, row.name == kCudaToolsMark ? "…" : found->value);
  if (!found->runtime.empty()) found->runtime_how = found->how;
  return found;
}

std::optional<std::string> lone_text_version(const Asked& asked) {
  std::optional<std::string> found;
  bool several = false;
  for_each_text(asked.reader, std::string_view("\0", 1), [&](std::string_view text) {
    text.remove_prefix(1);
    const std::size_t end = text.substr(0, kMostVersionBytes).find('\0');
    if (end == text.npos || !is_dotted(text.substr(0, end), 4, 4)) return false;
    several = several || (found && *found != text.substr(0, end));
    found = text.substr(0, end);
    return false;
  });
  return several ? std::nullopt : found;
}

std::optional<std::string> file_name_version(const LibraryFileName& name, const VersionRow& row) {
  if (!is_dotted(name.version, 2, 5)) return std::nullopt;
  if (parse_integer(first_number(name.version)).value_or(0) < row.least_major) return std::nullopt;
  return name.version;
}

void add_runtime(const Asked& asked, std::string_view getter, LibraryVersion& version) {
  auto body = getter.empty() ? std::nullopt : body_of(asked.image, getter);
  if (!body) return;
  std::set<std::uint32_t> numbers;
  for (const StoredNumber& stored : stored_numbers(*body, body->size(), true)) {
    if (is_cuda_version(stored.value)) numbers.insert(stored.value);
  }
  if (numbers.size() != 1) return;
  version.runtime = cuda_version_text(static_cast<int>(*numbers.begin()));
  version.runtime_how = fmt::format("constant of {}", getter);
}

std::optional<LibraryVersion> inferred(std::optional<std::string> value, std::string how) {
  if (!value) return std::nullopt;
  return LibraryVersion{std::move(*value), std::move(how), Standing::inferred, {}, {}};
}

std::optional<LibraryVersion> by_way(const Asked& asked, const VersionRow& row, const LibraryFileName& name) {
  switch (row.way) {
    case VersionWay::data: {
      auto found = inferred(data_version(asked, row), fmt::format("symbol {}", row.name));
      if (found) found->standing = Standing::recorded;
      return found;
    }
    case VersionWay::text:
      return text_version(asked, row);
    case VersionWay::lone_text:
      return inferred(lone_text_version(asked), "a text of four numbers");
    case VersionWay::stored:
      return inferred(stored_version(asked, row), fmt::format("constant of {}", row.name));
    case VersionWay::pieces:
      return inferred(pieces_version(asked, row), fmt::format("constants of {}", row.name));
    case VersionWay::structure:
      return inferred(structure_version(asked, row), fmt::format("data of {}", row.name));
    case VersionWay::copied:
      return copied_version(asked, row);
    case VersionWay::file_name:
      return inferred(file_name_version(name, row), "file name");
    case VersionWay::runtime: {
      auto runtime = static_runtime_version(asked.reader);
      if (!runtime) return std::nullopt;
      std::string how = "constant of cudaRuntimeGetVersion";
      return LibraryVersion{runtime->version, how, Standing::inferred, runtime->version, how};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<LibraryVersion> library_version(const FileReader& reader, std::string_view file_name,
                                              std::span<const VersionRow> rows) {
  if (rows.empty()) return std::nullopt;
  const LibraryFileName name = split_library_file_name(file_name);
  auto image = read_dynamic_image(reader, name.stem);
  if (!image) return std::nullopt;
  auto index = image->value(DT_SONAME);
  auto soname = index ? image->string_at(*index) : std::nullopt;
  const Asked asked{reader, *image, soname ? first_number(split_library_file_name(*soname).version) : std::string()};
  for (const VersionRow& row : rows) {
    auto found = by_way(asked, row, name);
    if (!found) continue;
    if (row.soname_major && !asked.soname_major.empty() && first_number(found->value) != asked.soname_major) continue;
    add_runtime(asked, row.runtime_getter, *found);
    return found;
  }
  return std::nullopt;
}

}  // namespace varve
