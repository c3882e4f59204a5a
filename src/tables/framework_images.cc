#include "tables/framework_images.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
enum class Tells { release, cuda, package };
constexpr TableWord<Tells> kTells[] = {{"release", Tells::release}, {"cuda", Tells::cuda}, {"package", Tells::package}};

struct NamedImage {
  Tells tells = Tells::release;
  std::string package;
  std::vector<std::string> prefixes;  // that may stand before the release: "turing-"
};
struct ImageRelease {
  std::string cuda;
  std::vector<int> branches;
};
struct ImageVariant {
  std::string release, variant, cuda;
};
struct AskingImage {
  std::string package, version, cuda;
};
struct ImageTable {
  std::map<std::string, NamedImage, std::less<>> images;
  std::map<std::string, ImageRelease, std::less<>> releases;
  std::vector<ImageVariant> variants;
  std::vector<AskingImage> asks;
  std::vector<std::string> unless;
};

void read_images(const TableRow& table, ImageTable& read) {
  table.required_rows("images", [&](const TableRow& row) {
    row.required("source");
    const NamedImage image{.tells = row.word("tells", kTells, Tells::release),
                           .package = row.text("package"),
                           .prefixes = row.texts("prefixes")};
    if (image.tells == Tells::package && image.package.empty()) row.reject("package", "nothing", "a package's name");
    for (std::string& name : row.texts("names")) read.images.emplace(std::move(name), image);
  });
  table.required_rows("releases", [&](const TableRow& row) {
    row.required("source");
    read.releases.emplace(row.required_version("release"),
                          ImageRelease{row.required_version("cuda"), row.integers("branches")});
  });
  table.each("variants", [&](const TableRow& row) {
    row.required("source");
    read.variants.push_back({row.required_version("release"), row.required("variant"), row.required_version("cuda")});
  });
  table.each("asks", [&](const TableRow& row) {
    row.required("source");
    read.asks.push_back({row.required("package"), row.required_version("version"), row.required_version("cuda")});
  });
  read.unless = table.texts("unless");
}

const Result<ImageTable>& image_table() {
  static const Result<ImageTable> images = []() -> Result<ImageTable> {
    ImageTable read;
    const auto date =
        read_table(chosen_tables(), "framework_images", [&](const TableRow& table) { read_images(table, read); });
    if (!date) return date.error();
    return read;
  }();
  return images;
}

std::string_view digits_and_dots(std::string_view text) {
  std::string_view found = text.substr(0, std::min(text.find_first_not_of("0123456789."), text.size()));
  while (found.ends_with('.')) found.remove_suffix(1);
  return found;
}

// "24.05" of "24.05-py3" and "20.03.1-py3"; empty: it is no month.
std::string_view month_of(std::string_view tag) {
  const std::string_view version = digits_and_dots(tag);
  const bool is_month = version.size() >= 5 && version[2] == '.' && (version.size() == 5 || version[5] == '.');
  const bool ends = version.size() == tag.size() || tag[version.size()] == '-';
  return is_month && ends ? version.substr(0, 5) : std::string_view();
}

// "12.8" of "25.02-cuda12.8-py3.12", "12.4" of "v0.4.6-cu124", "12" of "cuda12-latest"; empty: the tag names none.
std::string cuda_in_tag(std::string_view tag) {
  for (std::size_t at = tag.find("cu"); at != std::string_view::npos; at = tag.find("cu", at + 1)) {
    if (at > 0 && tag[at - 1] != '-' && tag[at - 1] != '_') continue;
    const bool is_long = tag.substr(at).starts_with("cuda");
    const std::string_view version = digits_and_dots(tag.substr(at + (is_long ? 4 : 2)));
    const std::size_t dot = version.find('.');
    if (dot != std::string_view::npos) return std::string(version.substr(0, version.find('.', dot + 1)));
    if (version.size() == 3) return std::string(version.substr(0, 2)) + "." + version.back();
    if (version.size() == 2 && is_long) return std::string(version);
  }
  return {};
}

std::optional<FrameworkImage> of_release(std::string_view release, std::string_view tag) {
  const auto row = image_table()->releases.find(release);
  if (row == image_table()->releases.end() || tag.find("igpu") != std::string_view::npos) return std::nullopt;
  FrameworkImage image{.name = {}, .cuda = row->second.cuda, .branches = row->second.branches};
  for (const ImageVariant& variant : image_table()->variants) {
    if (tag.find(variant.variant) == std::string_view::npos) continue;
    image.cuda.clear();  // another base, also where it has no row
    image.branches.clear();
    if (variant.release != release) continue;
    image.cuda = variant.cuda;
    break;
  }
  if (image.cuda.empty()) return std::nullopt;
  return image;
}

// "v0.9.0", "v0.9.0-cu129", "0.8.5.post1", "turing-1.2".
std::optional<FrameworkImage> of_package(const NamedImage& named, std::string_view tag) {
  const std::string& package = named.package;
  for (const std::string& prefix : named.prefixes) {
    if (tag.starts_with(prefix)) tag.remove_prefix(prefix.size());
  }
  if (const std::string cuda = cuda_in_tag(tag); !cuda.empty()) return FrameworkImage{.name = {}, .cuda = cuda};
  if (tag.starts_with('v')) tag.remove_prefix(1);
  const std::string_view version = digits_and_dots(tag);
  if (version.find('.') == std::string_view::npos || version.size() != tag.size()) return std::nullopt;
  for (const AskingImage& row : image_table()->asks) {
    if (row.package != package || row.version != version) continue;
    return FrameworkImage{.name = {}, .cuda = row.cuda, .asks = true};
  }
  return FrameworkImage{.name = {}, .cuda = {}, .package = package, .version = std::string(version)};
}

// The word without what stands around a name.
std::string_view bare_name(std::string_view word) {
  constexpr std::string_view kAround = "`\"'()[]<>{},;|*";
  while (!word.empty() && kAround.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  while (!word.empty() && (kAround.find(word.back()) != std::string_view::npos || word.back() == '.')) {
    word.remove_suffix(1);
  }
  if (const std::size_t scheme = word.find("://"); scheme != std::string_view::npos) word.remove_prefix(scheme + 3);
  if (const std::size_t equals = word.rfind('='); equals != std::string_view::npos) word.remove_prefix(equals + 1);
  while (!word.empty() && kAround.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  if (const std::size_t digest = word.find('@'); digest != std::string_view::npos) word = word.substr(0, digest);
  return word;
}
}  // namespace

Status load_framework_images() { return image_table() ? Status(Done{}) : Status(image_table().error()); }

std::optional<FrameworkImage> framework_image_of(std::string_view word) {
  if (!image_table() || word.find('/') == std::string_view::npos) return std::nullopt;
  std::string full(bare_name(word));
  if (full.starts_with("docker.io/")) full.erase(0, 10);
  std::replace(full.begin(), full.end(), '#', '/');  // as enroot writes it: "nvcr.io#nvidia/pytorch:24.05-py3"
  const std::size_t colon = full.rfind(':');
  if (colon == std::string::npos || colon + 1 == full.size()) return std::nullopt;
  const std::string_view tag = std::string_view(full).substr(colon + 1);
  auto row = image_table()->images.find(std::string_view(full).substr(0, colon));
  if (row == image_table()->images.end()) {  // "image:nvcr.io/nvidia/pytorch:24.05-py3", without a blank
    const std::size_t registry = full.find("nvcr.io/");
    if (registry == std::string::npos || registry > colon) return std::nullopt;
    row = image_table()->images.find(std::string_view(full).substr(registry, colon - registry));
    if (row == image_table()->images.end()) return std::nullopt;
  }
  std::optional<FrameworkImage> image;
  switch (row->second.tells) {
    case Tells::release:
      image = of_release(month_of(tag), tag);
      break;
    case Tells::cuda:
      if (std::string cuda = cuda_in_tag(tag); !cuda.empty()) image = FrameworkImage{.name = {}, .cuda = cuda};
      break;
    case Tells::package:
      image = of_package(row->second, tag);
      break;
  }
  if (image) image->name = row->first + ":" + std::string(tag);
  return image;
}

std::optional<FrameworkImage> framework_image_of_banner(std::string_view line) {
  constexpr std::string_view kStart = "NVIDIA Release ";
  if (!image_table() || !line.starts_with(kStart) || line.find("(build ") == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view release = digits_and_dots(line.substr(kStart.size()));
  auto image = of_release(month_of(release), {});
  if (image) image->name = std::string(kStart) + std::string(release);
  return image;
}

bool is_image_advice(std::string_view line) {
  if (!image_table() || line.ends_with('?') || line.find("? ") != std::string_view::npos) return true;
  std::string text = " " + to_lower(line) + " ";
  for (char& c : text) {
    if (std::string_view(",;:()!").find(c) != std::string_view::npos) c = ' ';
  }
  if (text.ends_with(". ")) text[text.size() - 2] = ' ';
  return std::any_of(image_table()->unless.begin(), image_table()->unless.end(),
                     [&](const std::string& word) { return text.find(" " + word + " ") != std::string::npos; });
}

}  // namespace varve
