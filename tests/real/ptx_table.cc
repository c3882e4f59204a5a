// Whether a driver compiles PTX of a version for a GPU: what the tables say, against the compiler of real drivers.
//   ptx_table          VARVE_REAL_DRIVERS: a folder with drivers; VARVE_REAL_VENVS: one with wheels, whose PTX is tried
//   too
// Every PTX version of the tables for every target by a hand-written kernel, and one real text for each (library,
// target, version) of the wheels. Exits 1 when a cell disagrees, 77 without drivers.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "binary/gpu_code/ptx_entries.h"
#include "driver/jit_compiler.h"
#include "rules/analysis/driver_regime.h"
#include "rules/analysis/gpu_code.h"
#include "tables/knowledge.h"
#include "world/files.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

// Without those of systems on a chip (5.3, 6.2, 7.2, 8.7, 11.0): their drivers are part of Jetson Linux, and the
// compilers of these drivers know some of them and some not.
constexpr const char* kTargets[] = {"35", "37",  "50",  "52",   "60",  "61",   "70",  "75",   "80",  "86",  "89",
                                    "90", "90a", "100", "100a", "103", "103a", "120", "120a", "121", "121a"};
constexpr std::size_t kMostText = std::size_t{16} << 20;         // larger real texts only take longer
constexpr std::uintmax_t kMostFile = std::uintmax_t{300} << 20;  // so do larger files

struct Driver {
  std::string branch, compiler, version;
  std::optional<DottedVersion> ceiling;  // by the tables
};

struct Tally {
  int cells = 0, wrong = 0;
};

std::optional<std::string> find_below(const fs::path& folder, const std::string& name) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.path().filename() == name) return entry.path().string();
  }
  return std::nullopt;
}

// The full version of a driver stands in the name of its compiler: libnvidia-ptxjitcompiler.so.535.261.03.
std::vector<Driver> find_drivers(const Knowledge& knowledge, const fs::path& folder) {
  std::vector<Driver> drivers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto link = find_below(entry.path(), "libnvidia-ptxjitcompiler.so.1");
    if (!link) continue;
    const std::string real = fs::canonical(*link, error).filename().string();
    Driver driver{entry.path().filename().string(), *link, real.substr(real.find(".so.") + 4), {}};
    const auto version = dotted_version_from(driver.version);
    const DriverBranch* branch = version ? branch_of(knowledge, *version) : nullptr;
    if (branch == nullptr) continue;
    driver.ceiling = dotted_version_from(branch->ptx_isa);
    drivers.push_back(std::move(driver));
  }
  std::sort(drivers.begin(), drivers.end(), [](const Driver& a, const Driver& b) { return a.branch < b.branch; });
  return drivers;
}

CodeTarget ptx_target(std::string text, const DottedVersion& isa) {
  CodeTarget target{.kind = CodeKind::ptx, .architecture = {}, .isa_major = isa.major(), .isa_minor = isa.minor()};
  if (text.back() == 'a' || text.back() == 'f') {
    target.variant = text.back();
    text.pop_back();
  }
  target.architecture = compute_capability_from(text).value_or(ComputeCapability{});
  return target;
}

// A situation with nothing but a driver of that version and a GPU: what a what-if makes.
struct Supposed {
  Stack machine;
  Supposed(const Driver& driver, ComputeCapability gpu) {
    for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version"}) {
      machine.facts[id] = known_fact(driver.version, "the file's name", Standing::declared);
    }
    machine.facts["gpu.count"] = known_fact(std::int64_t{1}, "supposed", Standing::declared);
    machine.facts["gpu.models"] = known_fact(std::vector<std::string>{"a GPU"}, "supposed", Standing::declared);
    machine.facts["gpu.compute_capabilities"] =
        known_fact(std::vector<std::string>{to_string(gpu)}, "supposed", Standing::declared);
  }
};

// What the tables say: the driver knows the GPU, and its compiler takes the version.
bool is_foretold(const Knowledge& knowledge, const Driver& driver, const CodeTarget& ptx, ComputeCapability gpu) {
  const Supposed supposed(driver, gpu);
  const Situation situation = look_at_situation(supposed.machine, supposed.machine, knowledge);
  const ServingDriver serving = serving_driver(situation);
  if (judge_gpu_support(situation, serving, gpu).support != GpuSupport::known) return false;
  Coverage coverage;
  coverage.regions = 1;
  coverage.groups.push_back({.targets = {ptx}, .regions = 1});
  return count_coverage(coverage, gpu, ceiling_pair(serving)).jit > 0;
}

std::string kernel(const std::string& version, const std::string& target) {
  return fmt::format(
      ".version {}\n.target sm_{}\n.address_size 64\n.visible .entry twice(.param .u64 p)\n{{\n  .reg .b64 %a;\n  .reg "
      ".f32 %f;\n  ld.param.u64 %a, [p];\n  ld.global.f32 %f, [%a];\n  add.f32 %f, %f, %f;\n  st.global.f32 [%a], "
      "%f;\n  ret;\n}}\n",
      version, target);
}

// The PTX version in which a target was new, by the first release of CUDA that compiles for it; nothing: not known.
std::optional<DottedVersion> first_isa(const Knowledge& knowledge, const std::string& target) {
  for (const CudaRelease& release : knowledge.cuda_releases) {
    const bool has = std::find(release.targets.begin(), release.targets.end(), target) != release.targets.end();
    if (has) return dotted_version_from(release.ptx_isa);
  }
  return std::nullopt;
}

std::set<DottedVersion> ptx_versions(const Knowledge& knowledge) {
  std::set<DottedVersion> versions;
  for (const CudaRelease& release : knowledge.cuda_releases) {
    const auto isa = dotted_version_from(release.ptx_isa);
    if (isa && *isa >= DottedVersion{{7, 0}}) versions.insert(*isa);
  }
  return versions;
}

// Y compiled, as foretold; n refused, as foretold; ! the tables were wrong; ? the compiler could not be asked.
char try_cell(const Knowledge& knowledge, const Driver& driver, const std::string& text, const CodeTarget& ptx,
              ComputeCapability gpu, Tally& tally) {
  const bool foretold = is_foretold(knowledge, driver, ptx, gpu);
  const auto made = compile_ptx(driver.compiler, text, gpu_name_for(ptx, gpu));
  ++tally.cells;
  if (!made) {
    ++tally.wrong;
    fmt::print(stderr, "{} {} for {}: {}\n", driver.branch, to_string(ptx), to_string(gpu), made.error().found);
    return '?';
  }
  if (made->ok == foretold) return foretold ? 'Y' : 'n';
  ++tally.wrong;
  fmt::print(stderr, "{} {} for {}: foretold {}, the compiler: {} {}\n", driver.branch, to_string(ptx), to_string(gpu),
             foretold, made->code, made->log.substr(0, 300));
  return '!';
}

// The text is written for the target itself where its version has it, else for an old one that every version has: the
// driver compiles either for the GPU.
void try_kernels(const Knowledge& knowledge, const Driver& driver, Tally& tally) {
  fmt::print("\n{} ({}), PTX up to {} by the tables\n\n| PTX |", driver.branch, driver.version,
             driver.ceiling ? to_string(*driver.ceiling) : "?");
  for (const char* target : kTargets) fmt::print(" {} |", target);
  fmt::print("\n|---|");
  for (std::size_t i = 0; i < std::size(kTargets); ++i) fmt::print("---|");
  fmt::print("\n");
  for (const DottedVersion& isa : ptx_versions(knowledge)) {
    fmt::print("| {} |", to_string(isa));
    for (const std::string name : kTargets) {
      CodeTarget ptx = ptx_target(name, isa);
      const ComputeCapability gpu = ptx.architecture;
      const bool specific = ptx.variant != '\0';
      const auto first = first_isa(knowledge, name);
      const bool has = first && *first <= isa;
      if (specific && !has) {
        fmt::print("   |");  // no such text can be written
        continue;
      }
      const std::string written = has ? name : gpu < ComputeCapability{5, 0} ? "35" : "50";
      if (!has) ptx = ptx_target(written, isa);
      fmt::print(" {} |", try_cell(knowledge, driver, kernel(to_string(isa), written), ptx, gpu, tally));
      std::fflush(stdout);
    }
    fmt::print("\n");
  }
}

struct RealText {
  std::string library, text;
  CodeTarget ptx;
};

// The smallest text of each library for each target and version.
std::vector<RealText> real_texts(const fs::path& folder) {
  std::map<std::pair<std::string, std::string>, RealText> smallest;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file(error) || entry.is_symlink(error) || name.find(".so") == std::string::npos) continue;
    if (entry.file_size(error) > kMostFile) continue;
    const auto root = open_root(entry.path().parent_path().string());
    if (!root) continue;
    const auto file = (*root)->open("/" + name);
    if (!file) continue;
    for (const ComputeCapability gpu : {ComputeCapability{9, 0}, {10, 0}, {10, 3}, {12, 0}, {12, 1}}) {
      const auto walk =
          walk_ptx(*file, name, gpu, PtxChoice::all, {.text_bytes = kMostText}, [&](const PtxEntry& text) {
            RealText& known = smallest[{name, to_string(text.target)}];
            if (known.text.empty() || text.text.size() < known.text.size()) known = {name, text.text, text.target};
            return true;
          });
      if (!walk || walk->regions == 0) break;
    }
  }
  std::vector<RealText> texts;
  for (auto& [key, text] : smallest) texts.push_back(std::move(text));
  return texts;
}

// The GPU that a text is tried for: the one it names, or the next that is no system on a chip.
ComputeCapability gpu_of(const CodeTarget& ptx) {
  for (const std::string name : kTargets) {
    const auto gpu = compute_capability_from(name);
    if (gpu && *gpu >= ptx.architecture) return *gpu;
  }
  return ptx.architecture;
}

void try_real_texts(const Knowledge& knowledge, const std::vector<Driver>& drivers, const fs::path& folder,
                    Tally& tally) {
  fmt::print("\n| library | PTX | head |");
  for (const Driver& driver : drivers) fmt::print(" {} |", driver.branch);
  fmt::print("\n|---|---|---|");
  for (std::size_t i = 0; i < drivers.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  for (const RealText& real : real_texts(folder)) {
    const PtxHead head = ptx_head(real.text);
    const std::string header = fmt::format("{}.{}", real.ptx.isa_major, real.ptx.isa_minor);
    if (head.version != header) {
      ++tally.wrong;
      fmt::print(stderr, "{} {}: its text says {}\n", real.library, to_string(real.ptx), head.version);
    }
    fmt::print("| {} | {} | {} {} |", real.library, to_string(real.ptx), head.version, head.target);
    for (const Driver& driver : drivers) {
      fmt::print(" {} |", try_cell(knowledge, driver, real.text, real.ptx, gpu_of(real.ptx), tally));
      std::fflush(stdout);
    }
    fmt::print("\n");
  }
}

int run(std::string_view part) {
  const char* drivers_folder = std::getenv("VARVE_REAL_DRIVERS");
  const char* venvs_folder = std::getenv("VARVE_REAL_VENVS");
  if (drivers_folder == nullptr) {
    fmt::print("set VARVE_REAL_DRIVERS\n");
    return 77;
  }
  const auto knowledge = load_knowledge();
  if (!knowledge) {
    fmt::print(stderr, "{}\n", to_text(knowledge.error()));
    return 1;
  }
  const std::vector<Driver> drivers = find_drivers(*knowledge, drivers_folder);
  if (drivers.empty()) return 77;
  Tally written, real;
  for (const Driver& driver : drivers) {
    if (part != "real") try_kernels(*knowledge, driver, written);
  }
  if (venvs_folder != nullptr && part != "written") try_real_texts(*knowledge, drivers, venvs_folder, real);
  fmt::print("\n{} cells of written kernels, {} disagree; {} cells of real texts, {} disagree\n", written.cells,
             written.wrong, real.cells, real.wrong);
  return written.wrong + real.wrong > 0 ? 1 : 0;
}

}  // namespace
}  // namespace varve

int main(int count, char** arguments) { return varve::run(count > 1 ? arguments[1] : ""); }
