#include "harness/unit/kernel_witness.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "base/redact.h"
#include "base/text.h"
#include "capture/subject/loaded_libraries.h"
#include "tables/libraries.h"

namespace varve {

namespace {

constexpr double kSamplerInterval = 0.25;  // seconds; a ring holds far more
constexpr double kFirstLook = 0.005;       // without samples: growing from here, to be cheap for long programs
constexpr double kSlowestLook = 1.0;

void shorten_paths(KernelEvidence& evidence, const std::string& home) {
  for (Library& library : evidence.libraries) library.path = shorten_home(library.path, home);
  std::sort(evidence.libraries.begin(), evidence.libraries.end(),
            [](const Library& a, const Library& b) { return a.path < b.path; });
  for (ProfileRow& row : evidence.profile.rows) {
    row.kernel.library = shorten_home(row.kernel.library, home);
    row.kernel.name = shorten_home(row.kernel.name, home);  // generated code is often named after its source file
    row.kernel.base = shorten_home(row.kernel.base, home);
  }
  std::sort(evidence.profile.rows.begin(), evidence.profile.rows.end(), [](const ProfileRow& a, const ProfileRow& b) {
    return std::tie(a.kernel.library, a.kernel.name) < std::tie(b.kernel.library, b.kernel.name);
  });
}

}  // namespace

bool may_contain_onednn(const std::string& path) {
  const std::string name = file_name(path);
  return name.starts_with("libdnnl") || name.starts_with("libonednn") || name.starts_with("libmkldnn") ||
         name.starts_with("libtorch_cpu.so");
}

KernelWitness::KernelWitness(const World& world, double hertz)
    : world_(world), home_(environment_value(world.environment, "HOME")) {
  if (hertz <= 0) {
    unavailable_ = "CPU samples were turned off";
    return;
  }
  sampler_ = CpuSampler::open(hertz);
  unavailable_ = sampler_->unavailable();
}

double KernelWitness::unit_started(int process) {
  process_ = process;
  interval_ = unavailable_.empty() ? kSamplerInterval : kFirstLook;
  looks_ = 0;
  polled_.clear();
  device_open_ = false;
  return interval_;
}

double KernelWitness::look() {
  if (unavailable_.empty()) {
    sampler_->poll();
    look_at_devices();
    return interval_;
  }
  look_at_libraries();
  look_at_devices();
  interval_ = std::min(2 * interval_, kSlowestLook);
  return interval_;
}

void KernelWitness::look_at_libraries() {
  Result<std::vector<Library>> now = mapped_libraries(world_, process_);
  if (!now) return;
  ++looks_;
  const auto by_path = [](const Library& a, const Library& b) { return a.path < b.path; };
  std::vector<Library> both;
  std::set_union(now->begin(), now->end(), polled_.begin(), polled_.end(), std::back_inserter(both), by_path);
  polled_ = std::move(both);
}

void KernelWitness::look_at_devices() {
  if (device_open_) return;
  const std::string directory = fmt::format("/proc/{}/fd", process_);
  DIR* entries = opendir(directory.c_str());
  if (entries == nullptr) return;
  constexpr int kMostEntries = 4096;
  for (int i = 0; i < kMostEntries && !device_open_; ++i) {
    const dirent* entry = readdir(entries);
    if (entry == nullptr) break;
    char target[64];
    const ssize_t length = readlinkat(dirfd(entries), entry->d_name, target, sizeof target);
    if (length <= 0) continue;
    const std::string_view device(target, static_cast<std::size_t>(length));
    device_open_ = device.starts_with("/dev/nvidia") || device == "/dev/kfd";
  }
  closedir(entries);
}

KernelEvidence KernelWitness::unit_ended() {
  KernelEvidence evidence;
  if (unavailable_.empty()) {
    const CpuEvidence seen = sampler_->take();
    evidence.profile = cpu_profile(seen, symbols_);
    evidence.libraries = loaded_libraries(seen, symbols_);
  } else {
    evidence.libraries = std::move(polled_);
    evidence.profile.unseen.push_back(unavailable_);
    if (looks_ == 0) {
      evidence.profile.unseen.push_back("libraries: the program ended before they could be looked at");
    } else {
      evidence.profile.unseen.push_back(
          "libraries of child processes, and those mapped only between two looks at the process");
    }
  }
  const auto driver = std::find_if(evidence.libraries.begin(), evidence.libraries.end(), [](const Library& library) {
    return has_role(library.path, LibraryRole::opens_gpu);
  });
  if (driver != evidence.libraries.end()) {
    evidence.profile.unseen.push_back(
        fmt::format("work on the GPU: {} was loaded, and this witness sees CPUs only", file_name(driver->path)));
  } else if (device_open_) {
    evidence.profile.unseen.push_back("work on the GPU: a GPU device was open, and this witness sees CPUs only");
  }
  shorten_paths(evidence, home_);
  return evidence;
}

}  // namespace varve
