#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
constexpr std::int64_t kMostCounted = 64;

// "GeForce GTX 105..." is cut, "Tesla T4" and "NVIDIA Tesla T4" are one.
bool may_be_same_model(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == b) return true;
  const auto plain = [](std::string_view text) {
    std::string lower = to_lower(text);
    if (lower.starts_with("nvidia ")) lower.erase(0, 7);
    return lower;
  };
  std::string first = plain(a), second = plain(b);
  for (std::string* text : {&first, &second}) {
    if (!text->ends_with("...")) continue;
    text->resize(text->size() - 3);
    std::string& other = text == &first ? second : first;
    return other.starts_with(*text);
  }
  return first == second;
}

template <class T>
void fill(T& known, const T& more) {
  if (known == T{}) known = more;
}

// What one part knows of a GPU and another does not.
void complete(Gpu& gpu, const Gpu& more) {
  if (gpu.model.empty() || (gpu.model.ends_with("...") && !more.model.empty())) gpu.model = more.model;
  fill(gpu.address, more.address);
  fill(gpu.brand, more.brand);
  fill(gpu.architecture, more.architecture);
  fill(gpu.vbios, more.vbios);
  fill(gpu.gsp_firmware, more.gsp_firmware);
  fill(gpu.uuid, more.uuid);
  fill(gpu.driver_model, more.driver_model);
  fill(gpu.capability, more.capability);
  fill(gpu.memory_mib, more.memory_mib);
  fill(gpu.power_limit_watts, more.power_limit_watts);
  fill(gpu.power_limit_default_watts, more.power_limit_default_watts);
  fill(gpu.clock_sm_max_mhz, more.clock_sm_max_mhz);
  fill(gpu.clock_memory_max_mhz, more.clock_memory_max_mhz);
  fill(gpu.ecc, more.ecc);
  fill(gpu.mig, more.mig);
  fill(gpu.persistence, more.persistence);
  fill(gpu.compute_mode, more.compute_mode);
  fill(gpu.pcie, more.pcie);
  fill(gpu.pcie_max, more.pcie_max);
}

bool may_be_same(const Gpu& a, const Gpu& b) {
  if (!a.address.empty() && !b.address.empty()) return a.address == b.address;
  if (a.capability && b.capability && *a.capability != *b.capability) return false;
  return may_be_same_model(a.model, b.model);
}

void merge(const DeclaredGpus& base, std::vector<Gpu>& gpus, const DeclaredGpus& list, Declared& declared) {
  std::set<std::size_t> taken;
  for (const auto& [number, gpu] : list.gpus) {
    const auto at = static_cast<std::size_t>(number);
    std::size_t place = gpus.size();
    if (at < gpus.size() && !taken.contains(at) && may_be_same(gpus[at], gpu)) place = at;
    for (std::size_t i = 0; i < gpus.size() && place == gpus.size(); ++i) {
      if (!taken.contains(i) && may_be_same(gpus[i], gpu)) place = i;
    }
    if (place == gpus.size()) {
      const std::string known = at < gpus.size() ? gpus[at].model : "";
      declared.conflicts.push_back({fmt::format("GPU {}", number), known, gpu.model, base.place.line, list.place.line});
      return;  // of another machine, or of another time: nothing of it is taken
    }
    taken.insert(place);
    complete(gpus[place], gpu);
  }
}
}  // namespace

std::vector<Gpu> gpus_of_text(Declared& declared) {
  std::vector<Gpu> gpus;
  if (declared.gpus.empty()) return gpus;
  const DeclaredGpus* base = &declared.gpus.front();
  for (const DeclaredGpus& list : declared.gpus) {
    if (list.gpus.size() > base->gpus.size()) base = &list;
  }
  for (const auto& [number, gpu] : base->gpus) gpus.push_back(gpu);
  for (const DeclaredGpus& list : declared.gpus) {
    if (&list != base) merge(*base, gpus, list, declared);
  }
  // A table that was cut shows a GPU 4 without those before it: they are there all the same, of a kind not told.
  if (std::string_view(base->place.reader) == "nvidia-smi" && !base->gpus.empty()) {
    const std::int64_t least = std::min(base->gpus.rbegin()->first + 1, kMostCounted);
    while (static_cast<std::int64_t>(gpus.size()) < least) gpus.push_back({.listed = true});
  }
  // A topology alone says how many there are.
  const std::int64_t count = gpus.empty() ? counted_in_text(declared) : 0;
  for (std::int64_t i = 0; i < count; ++i) gpus.push_back({.listed = true});
  return gpus;
}

std::int64_t counted_in_text(const Declared& declared) {
  std::int64_t count = 0;
  for (const DeclaredGpus& list : declared.gpus) count = std::max(count, std::min(list.count, kMostCounted));
  return count;
}

}  // namespace varve
