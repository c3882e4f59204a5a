#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "binary/gpu_code/fatbin.h"
#include "world/file_reader.h"

namespace varve {

// How far a binary is searched for GPU code.
enum class CodePass {
  headers,  // the sections made for it, .nv_fatbin and __nv_relfatbin: their headers only
  // Those, and every other data section (without section headers: every segment) searched for the magic; where there
  // is none at all, PTX as plain text in them (plain_ptx.h).
  exact,
};

// A region and where it stands. Valid during the call of the visitor.
struct CodePlace {
  const FileReader& file;      // the ELF file that holds it: the whole file or a member of an archive
  const std::string& member;   // name of that member; empty outside archives
  const std::string& section;  // ".nv_fatbin"; "segment 2" when there are no section headers
  bool searched;               // found by its magic outside the sections made for it
  bool plain_text;  // PTX that stands as text; no header is before it, and what follows its last line may be another's
  bool linked;      // relocatable code in a file that holds what was made of it: a library or program with .nv_fatbin
};

// What a walk met besides the regions it gave to the visitor.
struct CodeWalk {
  bool code_sections = false;   // .nv_fatbin or __nv_relfatbin is there and not empty
  bool unsectioned = false;     // a file without section headers
  std::int64_t regions = 0;     // given to the visitor
  std::int64_t registered = 0;  // fat binaries that the program registers when it starts: wrappers in .nvFatBinSegment
  std::int64_t damaged = 0;     // regions with a size that cannot be right
  std::uint64_t not_regions = 0;  // bytes in the code sections that are no regions
  // Header pass: sections outside those made for code that hold code all the same, by the magic in a sample of them
  // (.data, .ldata, .lrodata of libcufft and libcurand) or by their name (.cask_resource of libcublasLt and libcudnn).
  // Where a few regions hide in .rodata, as in libcusparse, only the exact pass sees them.
  std::vector<std::string> elsewhere;
  std::uint64_t elsewhere_bytes = 0;
};

using CodeVisitor = std::function<void(const CodePlace& place, const FatbinRegion& region)>;

// Gives every region of an ELF64 file, or of the ELF64 members of a static library, to `visit`, in the order of the
// file. `where` names the file in messages. Error: neither of the two, headers that point outside the file, more
// regions than any toolkit writes.
Result<CodeWalk> walk_code(const FileReader& file, const std::string& where, CodePass pass, const CodeVisitor& visit);

}  // namespace varve
