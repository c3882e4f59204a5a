#include "rules/analysis/driver_regime.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/words/lookup_way.h"

namespace varve {

namespace {
// Before CUDA 11 every release needed the driver that it came with ("CUDA Compatibility", minor version compatibility).
constexpr int kFirstMinorCompatible = 11;

std::string fact_words(const Situation& situation, const char* id) {
  return fmt::format("{} is {}", id, fact_text(fact_of(situation, id)));
}

std::string newer_than_data(const Situation& situation) { return "newer than the data of " + situation.knowledge.date; }

// The compat libcuda that an image puts before the machine's, where the subject is not the machine itself.
const DriverFile* compat_of_subject(const Situation& situation) {
  if (&situation.subject == &situation.machine) return nullptr;
  for (const DriverFile& file : situation.subject.driver_files) {
    if (file.library == "libcuda" && file.role == DriverFileRole::compat && file.loaded_first) return &file;
  }
  return nullptr;
}

std::optional<DottedVersion> version_of(const Fact& fact) {
  return fact.is_known() ? dotted_version_from(value_text(*fact.value)) : std::nullopt;
}

// From the branch, where the libcuda did not say it.
void infer_api_level(const Situation& situation, ServingDriver& driver) {
  if (driver.api_level) return;
  const std::optional<DottedVersion>& from = driver.version ? driver.version : driver.kernel;
  if (!from) {
    driver.api_level_missing = fact_words(situation, "driver.api_level");
    return;
  }
  if (is_newer_driver(situation.knowledge, *from)) {
    driver.api_level_missing = fmt::format("driver {} is {}", to_string(*from), newer_than_data(situation));
    return;
  }
  const DriverBranch* branch = branch_of(situation.knowledge, *from);
  driver.api_level = branch == nullptr ? std::nullopt : dotted_version_from(branch->cuda);
  if (driver.api_level) {
    driver.api_level_source = "branch " + std::to_string(branch->branch);
  } else {
    driver.api_level_missing = fmt::format("the API level of driver {} is not in the tables", to_string(*from));
  }
}

void infer_ptx_ceiling(const Situation& situation, ServingDriver& driver) {
  if (!driver.of_subject) driver.ptx_ceiling = situation.ptx_ceiling;
  if (driver.ptx_ceiling || !driver.api_level) return;
  const CudaRelease* release = find_release(situation.knowledge, to_string(*driver.api_level));
  if (release != nullptr) driver.ptx_ceiling = dotted_version_from(release->ptx_isa);
}

void describe_absence(const Situation& situation, const Fact& user, ServingDriver& driver) {
  switch (user.missing) {
    case Missing::absent:
      driver.presence = DriverPresence::missing;
      driver.detail = "no libcuda" + (user.detail.empty() ? "" : " (" + user.detail + ")");
      return;
    case Missing::not_applicable:
      driver.presence = DriverPresence::not_looked_at;
      driver.detail = situation.has_no_gpu ? "no GPU" : "no machine around it was looked at";
      return;
    default:
      driver.presence = DriverPresence::unknown;
      driver.detail = fact_words(situation, "driver.user_mode.version");
  }
}

void fill_there(const Situation& situation, ServingDriver& driver) {
  driver.presence = DriverPresence::there;
  driver.version = situation.user_driver;
  driver.version_text = text_of(situation, "driver.user_mode.version").value_or("");
  driver.api_level = situation.api_level;
  driver.api_level_source = "driver.api_level";
  driver.compat = user_driver_role(situation) == DriverFileRole::compat;
  infer_api_level(situation, driver);
}

// With a major version alone the regime is only known where all its releases share it.
RegimeVerdict of_major_alone(const DottedVersion& runtime, const DottedVersion& level, const std::string& words) {
  if (runtime.major() < level.major()) {
    return {CheckState::ok, Regime::backward,
            fmt::format("CUDA {} is older than what {} offers", to_string(runtime), words)};
  }
  return {CheckState::ok, std::nullopt, fmt::format("{} serves CUDA {}", words, to_string(runtime))};
}

// A bare branch, as people suppose it ("580"), stands for its newest release.
bool is_below(const DottedVersion& driver, const DottedVersion& least) {
  return driver.parts.size() == 1 ? driver.major() < least.major() : driver < least;
}

// JetPack 7 numbers its driver 580.00: of the branch, and below each of the floors, which are those of other drivers.
bool has_no_floor(const DottedVersion& driver) {
  return is_jetson_driver(driver) || (driver.parts.size() == 2 && driver.parts[1] == 0);
}

RegimeVerdict minor_version(const Situation& situation, const ServingDriver& driver, const DottedVersion& runtime) {
  const std::string words = driver_words(driver), cuda = to_string(runtime);
  const MinorVersionFloor* floor = floor_of(situation.knowledge, runtime);
  const auto least = floor == nullptr ? std::nullopt : dotted_version_from(floor->driver);
  if (runtime.major() < kFirstMinorCompatible) {
    return {CheckState::broken, Regime::none,
            fmt::format("CUDA {} is newer than what {} offers, and before CUDA {} every release needs its own driver",
                        cuda, words, kFirstMinorCompatible),
            35};
  }
  if (!least) {
    if (is_newer_cuda(situation.knowledge, {.parts = {runtime.major()}})) {
      return {CheckState::cannot_tell, std::nullopt, fmt::format("CUDA {} is {}", cuda, newer_than_data(situation))};
    }
    return {CheckState::ok, Regime::minor_version,
            fmt::format("{} is of the same major version as CUDA {}", words, cuda)};
  }
  if (driver.version && has_no_floor(*driver.version)) {
    return {CheckState::cannot_tell, std::nullopt,
            fmt::format("CUDA {} is newer than what {} offers, and the floors of minor-version compatibility are not "
                        "those of Jetson Linux",
                        cuda, words)};
  }
  if (driver.version && is_below(*driver.version, *least)) {
    return {CheckState::broken, Regime::none,
            fmt::format("{} is below {}, the floor of CUDA {}", words, floor->driver, runtime.major()), 35};
  }
  return {CheckState::ok, Regime::minor_version,
          fmt::format("CUDA {} is newer than the API level of {}, but of the same major version, whose floor is {}",
                      cuda, words, floor->driver)};
}

RegimeVerdict by_level(const Situation& situation, const ServingDriver& driver, const DottedVersion& runtime) {
  const DottedVersion& level = *driver.api_level;
  const std::string words = driver_words(driver), cuda = to_string(runtime);
  if (runtime.major() > level.major()) {
    return {
        CheckState::broken, Regime::none,
        fmt::format("CUDA {} needs a driver of API level {}.0 or newer, and there is {}", cuda, runtime.major(), words),
        35};
  }
  if (runtime.parts.size() == 1) return of_major_alone(runtime, level, words);
  if (DottedVersion{{runtime.major(), runtime.minor()}} <= level) {
    return {CheckState::ok, Regime::backward, fmt::format("CUDA {} is not newer than what {} offers", cuda, words)};
  }
  return minor_version(situation, driver, runtime);
}

// Through a compat libcuda everything depends on whether it may stand on this kernel driver.
std::optional<RegimeVerdict> by_compat(const ForwardVerdict& forward) {
  switch (forward.state) {
    case ForwardState::refused_class:
      return RegimeVerdict{CheckState::broken, Regime::none, forward.detail, 804};
    case ForwardState::refused_branch:
    case ForwardState::older:
      return RegimeVerdict{CheckState::broken, Regime::none, forward.detail, 803};
    case ForwardState::untold:
      return RegimeVerdict{CheckState::cannot_tell, Regime::forward, forward.detail};
    case ForwardState::not_tried:
    case ForwardState::not_needed:
    case ForwardState::eligible:
      break;
  }
  return std::nullopt;
}
}  // namespace

const DriverFile* stub_of_image(const Situation& situation) {
  if (!situation.subject.image) return nullptr;
  for (const DriverFile& file : situation.subject.driver_files) {
    const bool by_path = lookup_way(file.found_by) == LookupWay::library_path;
    if (file.library == "libcuda" && file.role == DriverFileRole::stub && file.loaded_first && by_path) return &file;
  }
  return nullptr;
}

ServingDriver serving_driver(const Situation& situation) {
  ServingDriver driver;
  driver.kernel = situation.kernel_driver;
  const Fact& user = fact_of(situation, "driver.user_mode.version");
  const std::optional<DriverFileRole> role = user_driver_role(situation);
  const DriverFile* of_subject = compat_of_subject(situation);
  const std::optional<DottedVersion> version = of_subject == nullptr ? std::nullopt : version_of(of_subject->version);
  // NVIDIA's container runtime puts an image's compat libraries first where they are newer than the driver; a folder in
  // LD_LIBRARY_PATH, or before the system's in ld.so.conf, is first whatever its version is.
  const bool by_path = version && (lookup_way(of_subject->found_by) == LookupWay::library_path ||
                                   of_subject->found_by == "/etc/ld.so.conf");
  if (const DriverFile* stub = stub_of_image(situation)) {
    driver.presence = DriverPresence::missing;
    driver.detail = "LD_LIBRARY_PATH of the image leads to " + stub->path + " first, a stub to link against";
  } else if (version && (by_path || !situation.user_driver || *version > *situation.user_driver)) {
    driver.presence = DriverPresence::there;
    driver.version = version;
    driver.version_text = value_text(*of_subject->version.value);
    driver.api_level = version_of(of_subject->api_level);
    driver.api_level_source = of_subject->path;
    driver.compat = driver.of_subject = true;
    infer_api_level(situation, driver);
  } else if (role == DriverFileRole::stub || role == DriverFileRole::empty) {
    driver.presence = DriverPresence::missing;
    driver.detail = role == DriverFileRole::stub ? "the libcuda that is found first is a stub to link against"
                                                 : "the libcuda that is found first is an empty file";
  } else if (situation.user_driver || situation.api_level || user.is_known()) {
    fill_there(situation, driver);
  } else {
    describe_absence(situation, user, driver);
  }
  infer_ptx_ceiling(situation, driver);
  return driver;
}

std::optional<std::pair<int, int>> ceiling_pair(const ServingDriver& driver) {
  if (!driver.ptx_ceiling) return std::nullopt;
  return std::pair(driver.ptx_ceiling->major(), driver.ptx_ceiling->minor());
}

std::string driver_words(const ServingDriver& driver) {
  std::string text = driver.compat ? "the compat libcuda" : "driver";
  if (!driver.version_text.empty()) text += " " + driver.version_text;
  if (driver.api_level) text += fmt::format(" (API level {})", to_string(*driver.api_level));
  return text;
}

RegimeVerdict judge_regime(const Situation& situation, const ServingDriver& driver, const DottedVersion& runtime) {
  switch (driver.presence) {
    case DriverPresence::missing:
      return {CheckState::broken, std::nullopt, driver.detail, 35};
    case DriverPresence::unknown:
      return {CheckState::cannot_tell, std::nullopt, driver.detail};
    case DriverPresence::not_looked_at:
      return {CheckState::not_applicable, std::nullopt, driver.detail};
    case DriverPresence::there:
      break;
  }
  const ForwardVerdict forward = judge_forward(situation, driver);
  const std::optional<RegimeVerdict> refused = by_compat(forward);
  if (refused && refused->state == CheckState::broken) return *refused;
  if (!driver.api_level) return {CheckState::cannot_tell, std::nullopt, driver.api_level_missing};
  RegimeVerdict verdict = by_level(situation, driver, runtime);
  if (verdict.state == CheckState::broken || forward.state == ForwardState::not_tried ||
      forward.state == ForwardState::not_needed) {
    return verdict;
  }
  if (refused) return *refused;
  verdict.regime = Regime::forward;
  verdict.detail += "; " + forward.detail;
  return verdict;
}

}  // namespace varve
