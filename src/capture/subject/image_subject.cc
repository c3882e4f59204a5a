#include "capture/subject/image_subject.h"

#include "base/text.h"
#include "binary/version/driver_version.h"
#include "capture/subject/start_variables.h"
#include "image/image.h"
#include "loading/cuda_users.h"
#include "package/packages.h"

namespace varve {

namespace {
// What collectors read of a compressed layer besides binaries. Everything else is passed over.
struct Interest {
  std::string_view start;  // of the path
  std::string_view end;    // of its name
  std::uint64_t most;      // bytes
};
constexpr std::uint64_t kSmallest = std::uint64_t{16} << 10;
constexpr std::uint64_t kSmall = std::uint64_t{1} << 20;
constexpr std::uint64_t kLarge = std::uint64_t{128} << 20;
constexpr Interest kInterests[] = {
    {"/etc/", "", kSmall},
    {"/usr/lib/os-release", "", kSmall},
    {"/lib/apk/db/", "", kLarge},
    {"/var/lib/dpkg/", "", kLarge},
    {"/var/lib/rpm/", "", kLarge},
    {"/usr/lib/sysimage/rpm/", "", kLarge},
    {"/lib/modules/", "modules.dep", kLarge},
    {"", "/METADATA", kSmall},
    {"", "/PKG-INFO", kSmall},
    {"", "/INSTALLER", kSmall},
    {"", "/RECORD", kLarge},
    {"", "/pyvenv.cfg", kSmall},
    {"", "/__init__.py", kSmall},  // what an import does: torch's has 130 KiB
    {"", ".py", std::uint64_t{256} << 10},
    {"", "/version.json", kSmall},
    {"", "/version.txt", kSmall},
    {"", "/_wheel.json", kSmall},
    {"", ".pth", kSmallest},
};

// Symbols of all libraries of an image: those of a framework with all it loads take some 60 MB.
constexpr std::size_t kMostSymbols = std::size_t{1} << 30;

// Shared libraries, the compilers that environments carry, and the Pythons that import from them.
bool is_binary_name(std::string_view path) {
  const std::string name = file_name(path);
  if (name.starts_with("python3") && path.ends_with("/bin/" + std::string(name))) return true;
  const std::size_t at = name.find(".so");
  const bool library = at != std::string_view::npos && (at + 3 == name.size() || name[at + 3] == '.');
  return library || gpu_compiler_at(path).has_value();
}

// Where programs stand; that they use CUDA their files tell.
bool is_in_program_folder(std::string_view path) {
  const std::string_view folder = path.substr(0, path.rfind('/'));
  return folder.ends_with("/bin") || folder.ends_with("/sbin") || folder == "/app";
}

// Of thousands of programs those that a check asks about: in the system's folders what is linked with CUDA or carries
// its code, elsewhere also what opens it.
bool is_program_of_interest(const std::string& path, const FileReader& file, const BinaryCache& cache) {
  const Result<DynamicSection> dynamic = read_dynamic_section(file, path);
  if (!dynamic || dynamic->interpreter.empty() || !dynamic->soname.empty()) return false;
  const bool of_system = path.starts_with("/usr/bin/") || path.starts_with("/bin/");
  return of_system ? links_cuda(file, path) : uses_cuda(file, path, cache);
}

bool is_text_of_interest(std::string_view path, std::uint64_t size) {
  if (path.find("/conda-meta/") != std::string_view::npos && path.ends_with(".json")) return size <= kLarge;
  if (path.ends_with(".h")) return path.find("/include/cu") != std::string_view::npos && size <= kSmall;
  for (const Interest& interest : kInterests) {
    if (path.starts_with(interest.start) && path.ends_with(interest.end)) return size <= interest.most;
  }
  // direct_url.json, lists of libraries to open
  return path.find("-packages/") != std::string_view::npos && path.ends_with(".json") && size <= kSmallest;
}
}  // namespace

Result<Subject> image_subject(const World& world, const CaptureOptions& options) {
  std::map<std::string, ReadBinary> read_before;
  const BinaryCache cache(options.cache_folder);
  std::size_t symbol_bytes = 0;
  ImageOptions wanted;
  wanted.verify = options.verify;
  wanted.keep = is_text_of_interest;
  wanted.inspect = [](std::string_view path, std::uint64_t) {
    return is_binary_name(path) || is_in_program_folder(path);
  };
  wanted.inspected = [&](std::string_view path, const FileReader& file) {
    const BinaryOptions how{.coverage = options.coverage, .exact = options.exact};
    if (!is_binary_name(path) && !is_program_of_interest(std::string(path), file, cache)) return;
    Result<ReadBinary> read = read_binary(file, std::string(path), how, cache);
    if (!read) return;
    if (options.exact && symbol_bytes < kMostSymbols) {
      if (Result<DynamicSymbols> symbols = DynamicSymbols::read(file, std::string(path))) {
        symbol_bytes += symbols->bytes();
        read->symbols = std::make_shared<const DynamicSymbols>(std::move(*symbols));
      }
    }
    if (file_name(path).starts_with("libcuda.so")) read->driver_version = driver_version_in_texts(file).value_or("");
    read_before.insert_or_assign(std::string(path), std::move(*read));
  };
  if (options.progress) {
    wanted.progress = [&](std::uint64_t done, std::uint64_t total) {
      options.progress("reading compressed layers",
                       total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total));
    };
  }
  const ImageName named = image_name_from(options.path);
  wanted.name = named.name;
  Result<OpenedImage> image = open_image(named.path, wanted);
  if (!image) return image.error();
  for (const auto& [path, shown] : image->inspected_as) {
    const auto read = read_before.find(shown);
    if (read == read_before.end()) continue;
    ReadBinary same = read->second;
    same.binary.path = path;
    read_before.emplace(path, std::move(same));
  }
  Subject subject = foreign_subject(world, options, std::move(image->files));
  subject.home = "/root";
  subject.environment = std::move(image->environment);
  subject.start_folder = image->working_directory;
  subject.start_paths = library_path_of_start(subject.files, image->start, subject.start_folder, subject.environment);
  subject.image = std::move(image->image);
  subject.image->remarks = std::move(image->remarks);
  subject.read_before = std::move(read_before);
  return subject;
}

}  // namespace varve
