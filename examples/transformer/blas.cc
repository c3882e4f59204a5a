#include "transformer/blas.h"

#include <cblas.h>
#include <dlfcn.h>

#include <filesystem>
#include <system_error>

namespace varve {
namespace {

// OpenBLAS's own calls are looked up at run time, so that the program also runs on another BLAS.
template <class Function>
Function* find_call(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string ask_text(const char* name) {
  auto* call = find_call<char*()>(name);
  const char* text = call == nullptr ? nullptr : call();
  return text == nullptr ? std::string{} : std::string(text);
}

}  // namespace

BlasDescription describe_blas() {
  BlasDescription description;
  Dl_info place{};
  if (dladdr(reinterpret_cast<void*>(&cblas_sgemm), &place) != 0 && place.dli_fname != nullptr) {
    std::error_code failure;
    std::filesystem::path file = std::filesystem::canonical(place.dli_fname, failure);
    description.library = failure ? place.dli_fname : file.string();
  }
  description.core = ask_text("openblas_get_corename");
  description.build = ask_text("openblas_get_config");
  if (auto* call = find_call<int()>("openblas_get_num_threads")) description.threads = call();
  return description;
}

std::string set_blas_threads(int threads) {
  std::string count = std::to_string(threads);
  auto* set = find_call<void(int)>("openblas_set_num_threads");
  if (set == nullptr) return count + " asked for, but this BLAS is not OpenBLAS: its own settings decide";
  set(threads);
  auto* get = find_call<int()>("openblas_get_num_threads");
  int granted = get == nullptr ? threads : get();
  if (granted != threads) count = std::to_string(granted) + " of " + count + " asked for";
  return count + " (openblas_set_num_threads)";
}

}  // namespace varve
