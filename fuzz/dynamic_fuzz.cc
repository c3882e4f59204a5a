// What is read from ELF files besides symbols.
#include "binary/elf/dynamic_section.h"
#include "binary/elf/note_sections.h"
#include "binary/version/library_version.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime.h"
#include "memory_file.h"
#include "tables/libraries.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::FileReader reader = memory_file(data, size);
  auto image = varve::read_dynamic_image(reader, "fuzz");
  if (image) {
    (void)varve::read_dynamic_section(*image, "fuzz");
    (void)varve::find_exported(*image, "ncclGetVersion");
  }
  // One library for every way of reading a version.
  for (const char* name :
       {"libcudart.so.13", "libcublasLt.so.13", "libcudnn_graph.so.9", "libnccl.so.2", "libnvrtc.so.13",
        "libnppc.so.13", "libcufile.so.0", "libcublas.so.12.1.3.1", "libnvcomp.so.6"}) {
    (void)varve::library_version(reader, name, varve::version_rows(name));
  }
  (void)varve::api_level(reader);
  (void)varve::read_only_strings(reader, "fuzz");
  (void)varve::read_forward_compatibility(reader);
  (void)varve::host_compilers(reader);
  return 0;
}
