#pragma once
#include <string>
#include <string_view>

namespace varve {

// What the kernel puts behind the name of a mapped file, or of a running program, that is no longer under that name
// (proc_pid_maps(5)). Paths of such files keep it: another file may stand under the name now.
inline constexpr std::string_view kDeletedMark = " (deleted)";
std::string_view without_deleted_mark(std::string_view path);

// What the file name of a library or program says.
struct LibraryFileName {
  std::string stem;     // what stays the same when it is updated: "libcudart", "libnvrtc-builtins", "ptxas"
  std::string version;  // what stands behind ".so.": "12.1.105"; may be empty
};

// "libcudart-9335f6a2.so.12.1.105" (auditwheel puts a digest into the name) is libcudart and 12.1.105;
// "libopenblas64_p-r0-0cf96a72.3.23.dev.so" is libopenblas64_p: from a dash on with a digit, a release ("r0") or a
// digest behind it the name is no longer the library's. `path` may have folders, and the kernel's mark behind it. The
// stem is never empty unless the path is.
LibraryFileName split_library_file_name(std::string_view path);
std::string_view library_file_stem(std::string_view path);  // the stem alone, as a part of the path

}  // namespace varve
