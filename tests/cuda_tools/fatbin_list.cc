// Lists the GPU code in binaries, one line an entry, so that it can be held against what cuobjdump lists.
//   fatbin_list [--exact] [--functions] [--coverage] FILE…
// A line: file number, region number, section, searched or walked, kind, target, codec, bytes stored, bytes of code,
// whether it holds a function (yes, no, unknown; "-" without --functions), source name or "-". Tabs between them.
// --functions decompresses every cubin. --coverage prints the summary instead, with the seconds it took.
#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <string>

#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/cubin.h"
#include "binary/gpu_code/fatbin_coverage.h"
#include "binary/gpu_code/fatbin_inflate.h"

using namespace varve;

namespace {

constexpr std::size_t kMostCode = 256 * 1024 * 1024;

struct Options {
  bool exact = false, coverage = false, functions = false;
};

const char* function_word(EntryInflater& inflater, const FileReader& file, const FatbinEntry& entry) {
  if (entry.target.kind != CodeKind::sass && entry.target.kind != CodeKind::ptx) return "unknown";
  const auto code = inflater.inflate(file, entry, kMostCode);
  if (!code) return "unknown";
  if (entry.target.kind == CodeKind::ptx) return ptx_holds_code(*code) ? "yes" : "no";
  const auto holds = cubin_holds_code(*code);
  return !holds ? "unknown" : *holds ? "yes" : "no";
}

Status list(const FileReader& file, const std::string& path, int number, const Options& options) {
  EntryInflater inflater;
  std::int64_t regions = 0;
  const auto walk = walk_code(
      file, path, options.exact ? CodePass::exact : CodePass::headers,
      [&](const CodePlace& place, const FatbinRegion& region) {
        for (const FatbinEntry& entry : region.entries) {
          const std::string name = source_name(place.file, entry);
          fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", number, regions, place.section,
                     place.searched ? "searched" : "walked", to_string(entry.target.kind), to_string(entry.target),
                     to_string(entry.codec), entry.payload_size, entry.code_size(),
                     options.functions ? function_word(inflater, place.file, entry) : "-", name.empty() ? "-" : name);
        }
        ++regions;
      });
  if (!walk) return walk.error();
  return Done{};
}

Status print_coverage(const FileReader& file, const std::string& path, const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto coverage = options.exact ? read_exact_coverage(file, path) : read_coverage(file, path);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!coverage) return coverage.error();
  if (!*coverage) {
    fmt::print("{}: no GPU code, {:.6f} s\n", path, took.count());
    return Done{};
  }
  const Coverage& found = **coverage;
  fmt::print("{}: {} regions, {} empty, {} entries, codecs {}, {:.6f} s\n", path, found.regions, found.regions_empty,
             found.entries, fmt::join(found.codecs, " "), took.count());
  if (!found.remark.empty()) fmt::print("  remark: {}\n", found.remark);
  for (const CodeGroup& group : found.groups) {
    fmt::print("  {}:", group.regions);
    for (const CodeTarget& target : group.targets) fmt::print(" {}", to_string(target));
    fmt::print("\n");
  }
  return Done{};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  int number = 0, failures = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--exact") {
      options.exact = true;
    } else if (argument == "--coverage") {
      options.coverage = true;
    } else if (argument == "--functions") {
      options.functions = true;
    } else {
      auto file = FileReader::open(FileHandle(open(argv[i], O_RDONLY | O_CLOEXEC)), argument);
      Status done = !file              ? Status(file.error())
                    : options.coverage ? print_coverage(*file, argument, options)
                                       : list(*file, argument, number, options);
      if (!done) {
        fmt::print(stderr, "{}\n", to_text(done.error()));
        ++failures;
      }
      ++number;
    }
  }
  return failures == 0 ? 0 : 4;
}
