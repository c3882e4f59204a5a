// The database of rpm, a file of SQLite, and the headers in its rows.
#include "memory_file.h"
#include "package/database/package_database_rpm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)varve::parse_rpm_header(bytes);
  if (!bytes.starts_with("SQLite format 3")) return 0;
  const varve::FileReader file = memory_file(data, size);
  (void)varve::read_rpm_packages(file, "fuzz", {"*"});
  (void)varve::read_rpm_owner(file, "fuzz", {"/usr/local/cuda-12.4/bin/nvcc"});
  return 0;
}
