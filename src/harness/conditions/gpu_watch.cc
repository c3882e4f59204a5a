#include "harness/conditions/gpu_watch.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace varve {

namespace {
constexpr auto kHungAfter = std::chrono::seconds(2);
constexpr std::uint64_t kGpuMemoryStep = std::uint64_t{16} << 20;
constexpr std::size_t kMostSamples = 1'000'000;

template <class Number>
void raise(std::optional<Number>& highest, Number value) {
  if (!highest || value > *highest) highest = value;
}
}  // namespace

// Shared with the thread: should a call hang, it keeps what it needs.
struct GpuWatch::State {
  std::vector<std::string> addresses;
  Ask ask;
  double interval = 0.1;
  std::vector<std::vector<NvmlSample>> samples;  // of all GPUs, one row a moment
  std::mutex lock;
  std::condition_variable changed;
  bool stop = false, running = false, hung = false;

  void take() {
    std::vector<NvmlSample> row = ask();
    const std::lock_guard guard(lock);
    if (samples.size() < kMostSamples) samples.push_back(std::move(row));
  }

  static void sample_until_stopped(const std::shared_ptr<State>& state) {
    const auto step = std::chrono::duration<double>(state->interval);
    auto next = std::chrono::steady_clock::now();
    while (true) {
      next += std::chrono::duration_cast<std::chrono::steady_clock::duration>(step);
      {
        std::unique_lock guard(state->lock);
        if (state->changed.wait_until(guard, next, [&] { return state->stop; })) break;
      }
      state->take();
    }
    const std::lock_guard guard(state->lock);
    state->running = false;
    state->changed.notify_all();
  }
};

GpuWatch::GpuWatch(std::vector<std::string> addresses, Ask ask, double interval_seconds)
    : state_(std::make_shared<State>()) {
  state_->addresses = std::move(addresses);
  state_->ask = std::move(ask);
  state_->interval = interval_seconds;
}

GpuWatch::~GpuWatch() {
  if (state_) finish();
}
GpuWatch::GpuWatch(GpuWatch&&) noexcept = default;
GpuWatch& GpuWatch::operator=(GpuWatch&&) noexcept = default;

void GpuWatch::begin() {
  if (!state_ || state_->hung) return;
  state_->samples.clear();
  state_->stop = false;
  state_->take();
  state_->running = true;
  std::thread(State::sample_until_stopped, state_).detach();
}

std::vector<GpuConditions> GpuWatch::finish() {
  if (!state_ || state_->hung) return {};
  std::unique_lock guard(state_->lock);
  state_->stop = true;
  state_->changed.notify_all();
  state_->hung = !state_->changed.wait_for(guard, kHungAfter, [&] { return !state_->running; });
  std::vector<GpuConditions> all;
  for (std::size_t gpu = 0; gpu < state_->addresses.size(); ++gpu) {
    std::vector<NvmlSample> samples;
    for (const std::vector<NvmlSample>& row : state_->samples) {
      if (gpu < row.size()) samples.push_back(row[gpu]);
    }
    all.push_back(gpu_conditions(state_->addresses[gpu], samples));
  }
  return all;
}

std::vector<WatchedGpu> GpuWatch::look() const {
  if (!state_ || state_->hung) return {};
  std::vector<WatchedGpu> gpus;
  std::vector<NvmlSample> row = state_->ask();
  for (std::size_t gpu = 0; gpu < std::min(row.size(), state_->addresses.size()); ++gpu) {
    gpus.push_back({state_->addresses[gpu], std::move(row[gpu])});
  }
  return gpus;
}

GpuWatch watch_gpus(bool gpus) {
  if (!gpus) return {};
  Result<NvmlSampler> opened = NvmlSampler::open();
  if (!opened || opened->gpus() == 0) return {};
  const auto sampler = std::make_shared<NvmlSampler>(std::move(*opened));
  std::vector<std::string> addresses;
  for (std::size_t gpu = 0; gpu < sampler->gpus(); ++gpu) addresses.push_back(sampler->pci_address(gpu));
  return GpuWatch(std::move(addresses), [sampler] {
    std::vector<NvmlSample> row;
    for (std::size_t gpu = 0; gpu < sampler->gpus(); ++gpu) row.push_back(sampler->sample(gpu));
    return row;
  });
}

GpuConditions gpu_conditions(const std::string& pci_address, const std::vector<NvmlSample>& samples) {
  GpuConditions gpu;
  gpu.pci_address = pci_address;
  if (samples.empty()) return gpu;
  const NvmlSample& before = samples.front();
  gpu.memory_before_bytes = before.memory_used_bytes;
  double clocks = 0, watts = 0;
  int with_clock = 0, with_watts = 0, slowed = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const NvmlSample& sample = samples[i];
    ++gpu.samples;
    if (sample.sm_mhz) {
      clocks += *sample.sm_mhz;
      ++with_clock;
      const auto mhz = static_cast<double>(*sample.sm_mhz);
      gpu.lowest_clock_mhz = std::min(gpu.lowest_clock_mhz.value_or(mhz), mhz);
    }
    if (sample.milliwatts) {
      watts += *sample.milliwatts / 1000.0;
      ++with_watts;
      raise(gpu.highest_watts, *sample.milliwatts / 1000.0);
    }
    if (sample.celsius) raise(gpu.highest_celsius, static_cast<double>(*sample.celsius));
    if (sample.memory_used_bytes) raise(gpu.memory_peak_bytes, *sample.memory_used_bytes);
    const std::uint64_t slowing = slowing_reasons(sample.event_reasons.value_or(0));
    gpu.throttle_reasons |= slowing;
    slowed += slowing != 0 ? 1 : 0;
    std::vector<unsigned> still_there;
    std::set_intersection(before.processes.begin(), before.processes.end(), sample.processes.begin(),
                          sample.processes.end(), std::back_inserter(still_there));
    gpu.foreign_processes = std::max(gpu.foreign_processes, static_cast<int>(still_there.size()));
  }
  if (with_clock > 0) gpu.clock_mhz = clocks / with_clock;
  if (with_watts > 0) gpu.watts = watts / with_watts;
  if (gpu.samples > 0) gpu.throttled = static_cast<double>(slowed) / gpu.samples;
  return gpu;
}

bool used_gpu(const GpuConditions& gpu) {
  return gpu.memory_before_bytes && gpu.memory_peak_bytes &&
         *gpu.memory_peak_bytes >= *gpu.memory_before_bytes + kGpuMemoryStep;
}

}  // namespace varve
