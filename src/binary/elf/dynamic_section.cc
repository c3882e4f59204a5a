#include "binary/elf/dynamic_section.h"

#include <span>

namespace varve {
namespace {

constexpr std::uint64_t kMostVersions = 65'536;
constexpr std::size_t kMostNeeded = 4096;
constexpr std::size_t kMostPathBytes = 65'536;  // of an RPATH: those of Spack name each package's folder
constexpr std::uint64_t kMostDynamicNameBytes = std::uint64_t{8} << 20;

// The names of an image, of which many rows may point at one long one: bounded as a whole.
class Names {
 public:
  explicit Names(const DynamicImage& image) : image_(image) {}

  std::optional<std::string> at(std::uint64_t index, std::size_t cap = 4096) {
    auto name = image_.string_at(index, cap);
    if (!name || name->size() > left_) return std::nullopt;
    left_ -= name->size();
    return name;
  }

 private:
  const DynamicImage& image_;
  std::uint64_t left_ = kMostDynamicNameBytes;
};

// Both tables are chains: each row says how far behind it the next one stands; 0 ends the chain. The counts of the
// dynamic section are limits, so that a chain that runs in circles ends.
bool read_version_needs(const DynamicImage& image, Names& names, std::vector<VersionNeed>& needs) {
  auto at = image.value(DT_VERNEED);
  std::uint64_t count = image.value(DT_VERNEEDNUM).value_or(0), versions = 0;
  for (std::uint64_t i = 0; at && i < count; ++i) {
    Elf64_Verneed file;
    if (!read_at(image, *at, file)) return false;
    auto name = names.at(file.vn_file);
    if (!name) return false;
    VersionNeed need{std::move(*name), {}};
    std::uint64_t place = *at + file.vn_aux;
    for (unsigned k = 0; k < file.vn_cnt; ++k) {
      Elf64_Vernaux row;
      if (++versions > kMostVersions || !read_at(image, place, row)) return false;
      auto version = names.at(row.vna_name);
      if (!version) return false;
      need.versions.push_back(std::move(*version));
      if (row.vna_next == 0) break;
      place += row.vna_next;
    }
    needs.push_back(std::move(need));
    if (needs.size() > kMostVersions) return false;
    if (file.vn_next == 0) break;
    *at += file.vn_next;
  }
  return true;
}

bool read_version_definitions(const DynamicImage& image, Names& names, std::vector<std::string>& definitions) {
  auto at = image.value(DT_VERDEF);
  std::uint64_t count = image.value(DT_VERDEFNUM).value_or(0);
  for (std::uint64_t i = 0; at && i < count; ++i) {
    Elf64_Verdef row;
    Elf64_Verdaux first;
    if (i >= kMostVersions || !read_at(image, *at, row) || !read_at(image, *at + row.vd_aux, first)) return false;
    if ((row.vd_flags & VER_FLG_BASE) == 0) {
      auto name = names.at(first.vda_name);
      if (!name) return false;
      definitions.push_back(std::move(*name));
    }
    if (row.vd_next == 0) break;
    *at += row.vd_next;
  }
  return true;
}

}  // namespace

Result<DynamicSection> read_dynamic_section(const DynamicImage& image, const std::string& where) {
  DynamicSection section;
  section.machine = image.headers.file.e_machine;
  for (const Elf64_Phdr& segment : image.headers.segments) {
    if (segment.p_type != PT_INTERP || segment.p_filesz == 0) continue;
    auto path = image.reader.holds(segment.p_offset, segment.p_filesz)
                    ? image.reader.text(segment.p_offset, segment.p_offset + segment.p_filesz, 4096)
                    : std::nullopt;
    if (!path) return broken_dynamic(where, "the name of its interpreter points outside the file");
    section.interpreter = std::move(*path);
  }
  Names names(image);
  for (const Elf64_Dyn& row : image.rows) {
    if (row.d_tag == DT_FLAGS_1) section.no_default_directories = (row.d_un.d_val & DF_1_NODEFLIB) != 0;
    if (row.d_tag != DT_NEEDED && row.d_tag != DT_SONAME && row.d_tag != DT_RPATH && row.d_tag != DT_RUNPATH) continue;
    const bool is_path = row.d_tag == DT_RPATH || row.d_tag == DT_RUNPATH;
    auto text = is_path ? names.at(row.d_un.d_val, kMostPathBytes) : names.at(row.d_un.d_val);
    if (!text) return broken_dynamic(where, "a name in its dynamic section points outside the file or is too long");
    if (row.d_tag == DT_NEEDED && section.needed.size() >= kMostNeeded) {
      return broken_dynamic(where, "it needs more than 4096 libraries");
    }
    if (row.d_tag == DT_NEEDED)
      section.needed.push_back(std::move(*text));
    else if (row.d_tag == DT_SONAME)
      section.soname = std::move(*text);
    else if (row.d_tag == DT_RPATH)
      section.rpath = std::move(*text);
    else
      section.runpath = std::move(*text);
  }
  if (!read_version_needs(image, names, section.version_needs) ||
      !read_version_definitions(image, names, section.version_definitions)) {
    return broken_dynamic(where, "a symbol version points outside the file, or there are more than 65 536 of them");
  }
  return section;
}

Result<DynamicSection> read_dynamic_section(const FileReader& reader, const std::string& where) {
  auto image = read_dynamic_image(reader, where);
  if (!image) return image.error();
  return read_dynamic_section(*image, where);
}

}  // namespace varve
