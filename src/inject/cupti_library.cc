#include "inject/cupti_library.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

#include <initializer_list>

#include "inject/short_text.h"
#include "inject/symbol_versions.h"

namespace varve::inject {

namespace {
constexpr std::uint32_t kOldestApi = 13;  // of CUDA 11.0
constexpr const char* kStem = "libcupti.so";

// A mapped file whose name begins so.
struct Wanted {
  const char* beginning;
  char path[1024];
};

int note_mapped(dl_phdr_info* info, std::size_t, void* context) {
  auto* wanted = static_cast<Wanted*>(context);
  if (info->dlpi_name == nullptr || !starts_with(last_part(info->dlpi_name), wanted->beginning)) return 0;
  ShortText text(wanted->path, sizeof wanted->path);
  return text.add(info->dlpi_name).fits() ? 1 : 0;
}

bool find_mapped(Wanted& wanted) {
  wanted.path[0] = '\0';
  dl_iterate_phdr(note_mapped, &wanted);
  return wanted.path[0] != '\0';
}

std::uint32_t driver_version() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (driver == nullptr) return 0;
  const auto ask = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDriverGetVersion"));
  int version = 0;
  const bool answered = ask != nullptr && ask(&version) == 0;
  dlclose(driver);
  return answered && version > 0 ? static_cast<std::uint32_t>(version) : 0;
}

template <class Function>
bool resolve(void* handle, const char* name, Function& into) {
  into = reinterpret_cast<Function>(dlsym(handle, name));
  return into != nullptr;
}

bool resolve_all(void* handle, CuptiFunctions& call) {
  resolve(handle, "cuptiSubscribe_v2", call.subscribe_v2);
  resolve(handle, "cuptiGetTimestamp", call.get_timestamp);
  return resolve(handle, "cuptiGetVersion", call.get_version) &&
         resolve(handle, "cuptiGetResultString", call.get_result_string) &&
         resolve(handle, "cuptiGetCallbackName", call.get_callback_name) &&
         resolve(handle, "cuptiSubscribe", call.subscribe) && resolve(handle, "cuptiUnsubscribe", call.unsubscribe) &&
         resolve(handle, "cuptiEnableCallback", call.enable_callback) &&
         resolve(handle, "cuptiActivityRegisterCallbacks", call.register_callbacks) &&
         resolve(handle, "cuptiActivityEnable", call.enable) && resolve(handle, "cuptiActivityDisable", call.disable) &&
         resolve(handle, "cuptiActivityGetNextRecord", call.next_record) &&
         resolve(handle, "cuptiActivityGetNumDroppedRecords", call.dropped_records) &&
         resolve(handle, "cuptiActivityFlushAll", call.flush);
}

// The search for the best of several libraries.
class Search {
 public:
  Search(CuptiLibrary& best, ShortText& why) : best_(best), why_(why) {}

  // Opens one and keeps it if it is better than what was found. Those that stay behind are closed again.
  void consider(const char* path, const char* found) {
    void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return;
    CuptiLibrary made;
    made.found = found;
    made.driver = best_.driver;
    const bool complete = resolve_all(handle, made.call);
    const CuptiResult answer = complete ? made.call.get_version(&made.api) : 0;  // fails without a driver from 13.4 on
    Dl_info info;
    const bool known = complete && dladdr(reinterpret_cast<void*>(made.call.get_version), &info) != 0;
    ShortText(made.path, sizeof made.path).add(known && info.dli_fname != nullptr ? info.dli_fname : path);
    made.cuda = cuda_of_api(made.api, major_of(last_part(made.path)));
    if (!complete) {
      why_.add("; ").add(last_part(made.path)).add(" lacks functions that are needed");
    } else if (answer != 0) {
      why_.add("; ").add(last_part(made.path)).add(" fails with CUPTI error ").add(static_cast<std::uint64_t>(answer));
    } else if (made.api < kOldestApi) {
      why_.add("; ").add(last_part(made.path)).add(" is older than CUDA 11.0");
    } else if (!is_mapped_ && is_too_new(made) && made.cuda / 1000 != made.driver / 1000) {
      why_.add("; ").add(last_part(made.path)).add(" is of CUDA ").add(made.cuda / 1000).add(", the driver offers ");
      why_.add(made.driver / 1000).add(".").add(made.driver % 1000 / 10);
    } else if (handle_ == nullptr || is_better(made, best_)) {
      if (handle_ != nullptr) dlclose(handle_);
      handle_ = handle;
      best_ = made;
      return;
    }
    dlclose(handle);
  }

  // Every libcupti.so.N in a folder.
  void consider_folder(const char* folder, const char* found) {
    DIR* entries = opendir(folder);
    if (entries == nullptr) return;
    while (const dirent* entry = readdir(entries)) {
      if (!starts_with(entry->d_name, kStem)) continue;
      char path[1024];
      ShortText text(path, sizeof path);
      if (text.add(folder).add("/").add(entry->d_name).fits()) consider(path, found);
    }
    closedir(entries);
  }

  void consider_below(const char* folder, std::size_t folder_size, const char* below, const char* found) {
    char path[1024];
    ShortText text(path, sizeof path);
    if (text.add(folder, folder_size).add(below).fits()) consider_folder(path, found);
  }

  bool is_done() const { return handle_ != nullptr; }
  void expect_mapped() { is_mapped_ = true; }

 private:
  static bool is_too_new(const CuptiLibrary& one) { return one.driver != 0 && one.cuda > one.driver; }
  static bool is_better(const CuptiLibrary& one, const CuptiLibrary& than) {
    if (is_too_new(one) != is_too_new(than)) return !is_too_new(one);
    return is_too_new(one) ? one.cuda < than.cuda : one.cuda > than.cuda;
  }

  CuptiLibrary& best_;
  ShortText& why_;
  void* handle_ = nullptr;
  bool is_mapped_ = false;  // a second copy beside it would help nobody: it is taken as it is
};

// nvidia/cuda_runtime/lib of wheels up to CUDA 12, nvidia/cu13/lib from 13 on, lib64 of a toolkit.
void search_beside_runtime(Search& search) {
  constexpr const char* kFound = "beside the CUDA runtime";
  Wanted runtime{"libcudart.so", {}};
  if (!find_mapped(runtime)) return;
  const auto size = static_cast<std::size_t>(last_part(runtime.path) - runtime.path);
  search.consider_below(runtime.path, size, "../../cuda_cupti/lib", kFound);
  if (!search.is_done()) search.consider_below(runtime.path, size, ".", kFound);
  if (!search.is_done()) search.consider_below(runtime.path, size, "../extras/CUPTI/lib64", kFound);
}

void search_toolkits(Search& search) {
  constexpr const char* kFound = "in a CUDA toolkit";
  constexpr const char* kBelow = "/extras/CUPTI/lib64";
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    const char* home = getenv(variable);
    if (!search.is_done() && home != nullptr) search.consider_below(home, std::strlen(home), kBelow, kFound);
  }
  if (search.is_done()) return;
  DIR* entries = opendir("/usr/local");
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    if (!starts_with(entry->d_name, "cuda")) continue;
    char path[512];
    ShortText text(path, sizeof path);
    if (text.add("/usr/local/").add(entry->d_name).fits()) {
      search.consider_below(path, std::strlen(path), kBelow, kFound);
    }
  }
  closedir(entries);
}
}  // namespace

std::uint32_t major_of(const char* file_name) {
  const char* so = std::strstr(file_name, ".so.");
  if (so == nullptr) return 0;
  std::uint32_t number = 0;
  for (so += 4; *so >= '0' && *so <= '9' && number < 10000; ++so)
    number = number * 10 + static_cast<unsigned>(*so - '0');
  return number < 1000 ? number : 0;  // "libcupti.so.2024.1.0" tells a year
}

std::uint32_t cuda_of_api(std::uint32_t api, std::uint32_t major) {
  struct Row {
    std::uint32_t api, cuda;
  };
  // The comment in CUPTI's cupti_version.h lists them.
  constexpr Row kRows[] = {{13, 11000}, {14, 11010}, {15, 11020}, {16, 11050}, {17, 11060}, {18, 11080},
                           {19, 12000}, {20, 12020}, {21, 12030}, {22, 12040}, {23, 12050}, {24, 12060},
                           {25, 12060}, {26, 12080}, {27, 12090}, {28, 12090}};
  if (api >= 100000) return api / 10000 * 1000 + api / 100 % 100 * 10;
  if (api == 18 && major == 12) return 12010;
  std::uint32_t cuda = 0;
  for (const Row& row : kRows) cuda = api >= row.api ? row.cuda : cuda;
  return cuda;
}

bool open_cupti(CuptiLibrary& library, char* why, std::size_t why_size) {
  char rejected[768];
  ShortText rejections(rejected, sizeof rejected);
  library.driver = driver_version();
  Search search(library, rejections);
  Wanted mapped{kStem, {}};
  if (find_mapped(mapped)) {
    search.expect_mapped();
    search.consider(mapped.path, "mapped already");
    if (!search.is_done()) return ShortText(why, why_size).add("CUPTI is too old").add(rejected), false;
    return true;
  }
  search_beside_runtime(search);
  if (!search.is_done()) {
    for (const char* name : {"libcupti.so.13", "libcupti.so.12", "libcupti.so.11.8", "libcupti.so"}) {
      search.consider(name, "on the loader's path");
    }
  }
  if (!search.is_done()) search_toolkits(search);
  if (search.is_done()) return true;
  ShortText(why, why_size)
      .add("no libcupti that serves the driver: none beside the CUDA runtime, on the loader's path, or in a toolkit")
      .add(rejected);
  return false;
}

}  // namespace varve::inject
