#include "harness/unit/kernel_witness.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "base/text.h"
#include "capture/subject/loaded_libraries.h"
#include "kernels/callers.h"
#include "tables/libraries.h"

namespace varve {

namespace {

constexpr double kSamplerInterval = 0.25;  // seconds; a ring holds far more
constexpr double kFirstLook = 0.005;       // without samples: growing from here, to be cheap for long programs
constexpr double kSlowestLook = 1.0;
constexpr double kManyCut = 0.05;  // of a unit's samples

void shorten_paths(KernelEvidence& evidence, const std::string& home) {
  for (Library& library : evidence.libraries) library.path = shorten_home(library.path, home);
  std::sort(evidence.libraries.begin(), evidence.libraries.end(),
            [](const Library& a, const Library& b) { return a.path < b.path; });
  evidence.seen = with_kernels(evidence.seen, [&](Kernel kernel) {
    kernel.key.library = shorten_home(kernel.key.library, home);
    kernel.key.name = shorten_home(kernel.key.name, home);  // generated code is often named after its source file
    kernel.meaning.base = shorten_home(kernel.meaning.base, home);
    return kernel;
  });
}

}  // namespace

KernelWitness::KernelWitness(const World& world, double hertz)
    : world_(world), hertz_(hertz), home_(environment_value(world.environment, "HOME")) {
  if (hertz <= 0) {
    unavailable_ = "CPU samples were turned off";
    return;
  }
  sampler_ = open_sampler(StackCopies::usual);
  unavailable_ = sampler_->unavailable();
}

std::unique_ptr<CpuSampler> KernelWitness::open_sampler(StackCopies copies) {
  return CpuSampler::open(
      hertz_, [this](CpuEvidence& evidence) { find_callers(evidence, symbols_); }, copies);
}

void KernelWitness::sample_deeper_where_needed() {
  if (!unavailable_.empty() || !needs_deeper_) return;
  needs_deeper_ = false;
  sampler_.reset();  // what it has locked is needed
  sampler_ = open_sampler(StackCopies::deep);
  if (sampler_->copies_stacks()) return;
  sampler_.reset();
  sampler_ = open_sampler(StackCopies::usual);
}

double KernelWitness::unit_started(int process) {
  process_ = process;
  interval_ = kFirstLook;
  if (unavailable_.empty()) interval_ = std::min(kSamplerInterval, sampler_->poll_seconds());
  looks_ = 0;
  polled_.clear();
  device_open_ = false;
  return interval_;
}

double KernelWitness::look() {
  if (unavailable_.empty()) {
    sampler_->poll();
    if (looks_++ * interval_ >= kSamplerInterval) {  // devices need no look as often as the rings
      looks_ = 0;
      look_at_devices();
    }
    return interval_;
  }
  look_at_libraries();
  look_at_devices();
  interval_ = std::min(2 * interval_, kSlowestLook);
  return interval_;
}

void KernelWitness::forget() {
  if (unavailable_.empty()) sampler_->take();
}

void KernelWitness::server_started(int process) {
  if (sampler_) sampler_->keep(process);
}

void KernelWitness::server_ended(int process) {
  if (sampler_) sampler_->let_go(process);
}

double KernelWitness::seconds_between_samples() const { return unavailable_.empty() ? 1 / hertz_ : 0; }

void KernelWitness::stop_sampling(std::string why) {
  sampler_.reset();
  unavailable_ = std::move(why);
  stopped_ = true;
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
  const Looked<std::vector<std::string>> entries = world_.files.list(directory);
  if (!entries) return;
  constexpr std::size_t kMostEntries = 4096;
  for (std::size_t i = 0; i < std::min(entries->size(), kMostEntries) && !device_open_; ++i) {
    const Looked<std::string> device = world_.files.read_link(directory + "/" + (*entries)[i]);
    device_open_ = device && (device->starts_with("/dev/nvidia") || *device == "/dev/kfd");
  }
}

// What may have run that no CPU sample can show; "" when nothing hints at it.
std::string KernelWitness::work_on_devices(const std::vector<Library>& libraries) const {
  const auto driver = std::find_if(libraries.begin(), libraries.end(), [](const Library& library) {
    return has_role(library.path, LibraryRole::opens_gpu);
  });
  if (driver != libraries.end()) {
    return fmt::format("work on the GPU: {} was loaded, and this witness sees CPUs only", file_name(driver->path));
  }
  return device_open_ ? "work on the GPU: a GPU device was open, and this witness sees CPUs only" : "";
}

KernelEvidence KernelWitness::unit_ended(std::span<const Stretch> windows, int server) {
  KernelEvidence evidence;
  Profiles& profiles = evidence.seen.profiles;
  if (unavailable_.empty()) {
    const CpuEvidence seen = sampler_->take(server);
    needs_deeper_ |= static_cast<double>(seen.cut_stacks) > kManyCut * static_cast<double>(seen.samples.size());
    evidence.seen = cpu_profile(seen, symbols_, windows);
    evidence.use = cpu_use(seen, windows);
    evidence.libraries = loaded_libraries(seen, symbols_);
  } else {
    evidence.libraries = std::move(polled_);
    profiles.add_absent(kCpuSamples, unavailable_);
    if (!stopped_) {
      profiles.add_absent(kCpuSamples,
                          looks_ == 0
                              ? "libraries: the program ended before they could be looked at"
                              : "libraries of child processes, and those mapped only between two looks at the process");
    }
  }
  if (std::string work = work_on_devices(evidence.libraries); !work.empty()) {
    const auto cpu = profiles.by_kind.find(kCpuSamples);
    if (cpu != profiles.by_kind.end()) {
      cpu->second.unseen.insert(std::move(work));
    } else {
      profiles.add_absent(kCpuSamples, std::move(work));
    }
  }
  shorten_paths(evidence, home_);
  return evidence;
}

}  // namespace varve
