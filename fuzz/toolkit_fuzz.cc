// What a CUDA toolkit says about itself: version.json, version.txt, headers, the package that holds it. All readers see
// every input.
#include "package/environments.h"
#include "same_bytes.h"
#include "toolkit/toolkit_reader.h"
#include "toolkit/toolkit_search.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)varve::defined_number(text, "CUDA_VERSION");
  const SameBytes files(text);
  const varve::EnvironmentPlace place{.kind = varve::EnvironmentKind::conda,
                                      .path = "/e",
                                      .folders = {"/e/lib/python3.11/site-packages"},
                                      .conda_meta = "/e/conda-meta",
                                      .found_by = {},
                                      .python = {}};
  (void)varve::toolkits_in_environment(files, place);
  (void)varve::find_toolkits(files, {{"LOADEDMODULES", "cuda/12"}});
  return 0;
}
