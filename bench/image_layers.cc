// What reading an image costs, against the libraries' own loops over the same bytes in the same run.
//   image_layers FOLDER [GB]
// Puts the largest files below FOLDER (CUDA libraries, say) into one layer of a docker-save directory, GB (2.5) of
// them, beside the temporary directory's other files, and opens it three ways:
//   plain  headers walked, every library opened in place
//   gzip   every library shown to a callback while the layer streams by; against ISA-L's inflate to nowhere
//   zstd   the same against libzstd's
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gzip_loops.h"
#include "image/image.h"
#include "image/image_testing.h"
#include "world/test_root.h"

namespace varve {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kPiece = std::size_t{256} << 10;

double seconds(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of all threads, so that it says something on a busy machine too.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Output {
 public:
  explicit Output(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  void write(const void* bytes, std::size_t size) {
    const char* next = static_cast<const char*>(bytes);
    while (size > 0) {
      const ssize_t done = ::write(file_.fd(), next, size);
      if (done <= 0) fail("the temporary directory has no room");
      next += done;
      size -= static_cast<std::size_t>(done);
    }
  }

 private:
  FileHandle file_;
};

// The largest files first, so that a few libraries make the layer, as in real ones.
std::uint64_t write_plain(const std::string& folder, double gigabytes, const std::string& to) {
  std::vector<std::pair<std::uint64_t, std::string>> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file() && !entry.is_symlink()) files.emplace_back(entry.file_size(), entry.path().string());
  }
  std::sort(files.rbegin(), files.rend());
  Output out(to);
  std::uint64_t total = 0;
  std::size_t count = 0;
  for (const auto& [size, path] : files) {
    if (static_cast<double>(total) > gigabytes * 1e9) break;
    TarWriter header;
    header.header('0', fmt::format("usr/lib/lib{}.so", count++), size);
    out.write(header.bytes.data(), header.bytes.size());
    each_piece(path, [&](std::span<std::byte> piece, bool) { out.write(piece.data(), piece.size()); });
    const std::string padding((512 - size % 512) % 512, '\0');
    out.write(padding.data(), padding.size());
    total += size;
  }
  const std::string end(1024, '\0');
  out.write(end.data(), end.size());
  fmt::print("layer: {} files, {:.2f} GB\n", count, static_cast<double>(total) / 1e9);
  return total;
}

void write_gzip(const std::string& from, const std::string& to) {
  Output out(to);
  gzip_file(from, 1, [&](const void* bytes, std::size_t size) { out.write(bytes, size); });
}

void write_zstd(const std::string& from, const std::string& to) {
  Output out(to);
  std::vector<std::byte> packed(kPiece);
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3);
  each_piece(from, [&](std::span<std::byte> piece, bool last) {
    ZSTD_inBuffer in = {piece.data(), piece.size(), 0};
    std::size_t left = 1;
    while (last ? left > 0 : in.pos < in.size) {
      ZSTD_outBuffer space = {packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(context, &space, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      out.write(packed.data(), space.pos);
    }
  });
  ZSTD_freeCCtx(context);
}

std::uint64_t inflate_zstd_to_nowhere(const std::string& path) {
  std::vector<std::byte> space(kPiece);
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  std::uint64_t total = 0;
  each_piece(path, [&](std::span<std::byte> piece, bool) {
    ZSTD_inBuffer in = {piece.data(), piece.size(), 0};
    ZSTD_outBuffer out = {};
    do {
      out = {space.data(), space.size(), 0};
      if (ZSTD_isError(ZSTD_decompressStream(context, &out, &in))) fail("libzstd cannot read its own zstd");
      total += out.pos;
    } while (in.pos < in.size || out.pos == out.size);
  });
  ZSTD_freeDCtx(context);
  return total;
}

// Opens the docker-save directory of that one layer; of compressed layers every library is looked at.
void open_layer(const std::string& directory, std::uint64_t expected, bool in_place) {
  std::uint64_t seen = 0;
  ImageOptions options;
  options.inspect = [](std::string_view path, std::uint64_t) { return path.ends_with(".so"); };
  options.inspected = [&](std::string_view, const FileReader& file) { seen += file.start(0, 64) ? file.size() : 0; };
  const Result<OpenedImage> opened = open_image(directory, options);
  if (!opened) fail(to_text(opened.error()));
  const Looked<std::vector<std::string>> names = opened->files->list("/usr/lib");
  if (!names) fail(names.detail);
  for (const std::string& name : *names) {
    const Looked<FileReader> file = opened->files->open("/usr/lib/" + name);
    if (in_place && file && file->start(0, 64)) seen += file->size();
  }
  if (seen != expected) fail("not every library was seen");
}

void compare(const char* name, const std::string& directory, std::uint64_t expected,
             std::uint64_t (*inflate_to_nowhere)(const std::string&)) {
  constexpr int kRounds = 3;
  std::vector<double> ours, theirs, our_work, their_work;
  const std::string blob = directory + "/layer";
  for (int i = 0; i < kRounds; ++i) {
    const double start = processor_seconds();
    theirs.push_back(seconds([&] {
      if (inflate_to_nowhere(blob) < expected) fail("the layer is not whole");
    }));
    const double middle = processor_seconds();
    ours.push_back(seconds([&] { open_layer(directory, expected, false); }));
    their_work.push_back(middle - start);
    our_work.push_back(processor_seconds() - middle);
  }
  fmt::print(
      "{}: {:.2f} GB, open_image {:.2f} s, the library to nowhere {:.2f} s, ratio {:.2f}, of processor time {:.2f}\n",
      name, static_cast<double>(fs::file_size(blob)) / 1e9, median(ours), median(theirs), median(ours) / median(theirs),
      median(our_work) / median(their_work));
}

std::string prepare(const TestRoot& root, const std::string& name) {
  root.write(name + "/config.json", R"({"os": "linux", "architecture": "amd64"})");
  root.write(name + "/manifest.json", R"([{"Config": "config.json", "Layers": ["layer"]}])");
  return root.path() + "/" + name;
}
}  // namespace

int measure(const std::string& folder, double gigabytes) {
  const TestRoot root;
  const std::string plain = prepare(root, "plain"), gzip = prepare(root, "gzip"), zstd = prepare(root, "zstd");
  const std::uint64_t total = write_plain(folder, gigabytes, plain + "/layer");
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) times.push_back(seconds([&] { open_layer(plain, total, true); }));
  fmt::print("plain: open_image and opening every library {:.2f} ms (median of {}, first {:.2f} ms)\n",
             median(times) * 1e3, times.size(), times[0] * 1e3);
  write_gzip(plain + "/layer", gzip + "/layer");
  compare("gzip", gzip, total, &inflate_gzip_to_nowhere);
  write_zstd(plain + "/layer", zstd + "/layer");
  compare("zstd", zstd, total, &inflate_zstd_to_nowhere);
  return 0;
}

}  // namespace varve

int main(int argc, char** argv) {
  if (argc < 2 || *argv[1] == '\0') {
    fmt::print(stderr, "usage: image_layers FOLDER [GB]\n");
    return 2;
  }
  return varve::measure(argv[1], argc > 2 ? std::strtod(argv[2], nullptr) : 2.5);
}
