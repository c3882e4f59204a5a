// Runs a fuzz target over its seeds and over mutations of them: bytes changed, pieces cut out, doubled and cut off. The
// same sequence every time, so that what fails once fails again.
//   x_fuzz MUTATIONS SEED_FILE_OR_FOLDER…
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
constexpr std::size_t kMaxSeed = 1 << 18;  // of a large file the beginning: where its headers are

std::string read_seed(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxSeed, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::vector<std::string> read_seeds(int count, char** paths) {
  std::vector<std::string> seeds;
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::is_directory(paths[i])) {
      seeds.push_back(read_seed(paths[i]));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(paths[i])) seeds.push_back(read_seed(entry.path()));
  }
  return seeds;
}

void mutate(std::string& text, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) {
    return static_cast<std::size_t>(random() % std::max<std::size_t>(limit, 1));
  };
  for (std::size_t edits = 1 + below(6); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = below(std::min<std::size_t>(text.size(), below(2) == 0 ? 256 : text.size()));
    const std::size_t length = std::min(below(64) + 1, text.size() - at);
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text[at] = "\x00\xff\x7f\x80\"{[\\\n,0"[below(12)];
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
}

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}
}  // namespace

int main(int argc, char** argv) {
  const long mutations = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  const std::vector<std::string> seeds = read_seeds(argc - 2, argv + 2);
  if (seeds.empty()) {
    std::fputs("no seeds: x_fuzz MUTATIONS SEED…\n", stderr);
    return 2;
  }
  for (const std::string& seed : seeds) run(seed);
  std::mt19937_64 random(20260101);
  for (long i = 0; i < mutations; ++i) {
    std::string text = seeds[random() % seeds.size()];
    mutate(text, random);
    run(text);
  }
  std::printf("%zu seeds, %ld mutations, no crash\n", seeds.size(), mutations);
  return 0;
}
