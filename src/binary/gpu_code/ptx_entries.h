#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/coverage.h"
#include "world/file_reader.h"

namespace varve {

// One PTX text of a fat binary.
struct PtxEntry {
  std::int64_t region = 0;  // of the file, from 1, in the order of the file
  std::string member;       // of an archive; empty elsewhere
  CodeTarget target;        // as the entry's header says
  std::string text;         // without what stands after its last line
};

// What of a file's PTX is wanted.
enum class PtxChoice {
  needed,  // of each region that has no machine code for the GPU: the text that the driver would compile for it
  all,     // every text that the GPU may take
};

struct PtxLimits {
  std::size_t text_bytes = std::size_t{256} << 20;  // of one text; larger ones are counted as not read
  std::int64_t texts = 100'000;                     // then the walk ends
};

struct PtxWalk {
  std::int64_t regions = 0;   // that hold code
  std::int64_t given = 0;     // texts handed over
  std::int64_t not_read = 0;  // wanted, and not decompressed within the limits, or plain text without a stated end
  bool cut = false;           // it ended at the limit of texts
};

// The PTX that serves `gpu`, of an ELF file or a static library, text by text; LTO-IR and machine code are left out.
// Where a region has several, the driver compiles the one for the newest architecture that the GPU may take, a specific
// one (sm_90a) before a general one. Regions whose PTX defines no function are left out. `visit` says whether to go on.
// Error: as walk_code.
Result<PtxWalk> walk_ptx(const FileReader& file, const std::string& where, ComputeCapability gpu, PtxChoice choice,
                         const PtxLimits& limits, const std::function<bool(const PtxEntry& entry)>& visit);

// What the compiler is asked for to serve this GPU with the text: "sm_90", "sm_90a" for one that is specific.
std::string gpu_name_for(const CodeTarget& ptx, ComputeCapability gpu);

// The .version and .target lines of a PTX text: "8.4" and "sm_90a"; empty where it has none in its first 64 KiB.
struct PtxHead {
  std::string version, target;
};
PtxHead ptx_head(std::string_view text);

}  // namespace varve
