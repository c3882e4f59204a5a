// libFuzzer target for what is read from ELF files besides symbols: clang++ -std=c++20
// -fsanitize=fuzzer,address,undefined -Isrc fuzz/dynamic_fuzz.cc
// src/binary/{dynamic_section*,library_version*,static_runtime*,read_only_strings*, note_sections,elf_headers}.cc
// src/world/file_reader.cc src/model/fact.cc src/model/json/names.cc src/base/{hash,text,result,json,units}.cc -lfmt
// -lcrypto (leave the tests out)
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "binary/elf/dynamic_section.h"
#include "binary/elf/note_sections.h"
#include "binary/version/library_version.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  varve::FileHandle file(memfd_create("fuzz", MFD_CLOEXEC));
  if (!file || write(file.fd(), data, size) != static_cast<ssize_t>(size)) return 0;
  auto reader = varve::FileReader::open(file.fd(), "fuzz");
  if (!reader) return 0;
  auto image = varve::read_dynamic_image(*reader, "fuzz");
  if (image) {
    (void)varve::read_dynamic_section(*image, "fuzz");
    (void)varve::find_exported(*image, "ncclGetVersion");
  }
  // One library for every way of reading a version.
  for (const char* name : {"libcudart.so.13", "libcublasLt.so.13", "libcudnn_graph.so.9", "libnccl.so.2",
                           "libnvrtc.so.13", "libnppc.so.13", "libcufile.so.0", "libcublas.so.12.1.3.1"}) {
    (void)varve::library_version(*reader, name);
  }
  (void)varve::api_level(*reader);
  (void)varve::read_only_strings(*reader, "fuzz");
  (void)varve::read_forward_compatibility(*reader);
  (void)varve::host_compilers(*reader);
  return 0;
}
