#include "base/library_file_name.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(LibraryFileName, TheStemIsWhatAnUpdateLeaves) {
  const std::pair<const char*, const char*> stems[] = {
      {"libcudart-9335f6a2.so.12.1.105", "libcudart"},
      {"/x/y/libcudnn_ops-74a4c495.so.9.1.0", "libcudnn_ops"},
      {"/x/libopenblas64_p-r0-0cf96a72.3.23.dev.so", "libopenblas64_p"},
      {"libnvrtc-builtins.so.13.2", "libnvrtc-builtins"},
      {"libnvidia-ml.so.550.54.15", "libnvidia-ml"},
      {"libc.so.6", "libc"},
      {"ld-2.31.so", "ld"},
      {"/usr/bin/ptxas", "ptxas"},
      {"/usr/bin/python3.11", "python3.11"},
      {"", ""},
  };
  for (const auto& [path, stem] : stems) EXPECT_EQ(split_library_file_name(path).stem, stem) << path;
}

TEST(LibraryFileName, TheMarkOfADeletedFileIsNoPartOfIt) {
  EXPECT_EQ(split_library_file_name("/x/libcudart.so.12.1.105 (deleted)").version, "12.1.105");
  EXPECT_EQ(split_library_file_name("/usr/bin/ptxas (deleted)").stem, "ptxas");
  EXPECT_EQ(without_deleted_mark("/x/liba.so (deleted)"), "/x/liba.so");
  EXPECT_EQ(without_deleted_mark("/x/liba.so"), "/x/liba.so");
}

TEST(LibraryFileName, TheVersionStandsBehindTheSuffix) {
  EXPECT_EQ(split_library_file_name("libcudart-9335f6a2.so.12.1.105").version, "12.1.105");
  EXPECT_EQ(split_library_file_name("/lib/libcuda.so.550.54.15").version, "550.54.15");
  EXPECT_EQ(split_library_file_name("libcuda.so").version, "");
  EXPECT_EQ(split_library_file_name("ptxas").version, "");
}

}  // namespace
}  // namespace varve
