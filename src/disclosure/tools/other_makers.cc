// Tools of other makers' GPU stacks, and builds for them: that one is there is kept, nothing else.
//   ROCk module is loaded                                       rocminfo
//   =========================== ROCm System Management Interface rocm-smi
//   GPU[0]		: Card Series: 		AMD Instinct MI250X              rocm-smi --showproductname
//   [level_zero:gpu][level_zero:0] Intel(R) Level-Zero, …        sycl-ls
//   [opencl:gpu][opencl:1] Intel(R) OpenCL Graphics, …
//   Platform Name                 AMD Accelerated Parallel Processing   clinfo
//   HIP version: 6.2.41133                                       hipcc, hipconfig
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr const char *kAmd = "ROCm", *kIntel = "Intel XPU";

struct Mark {
  char first;             // of the line, after blanks; '\0': any
  std::string_view text;  // stands in it
  const char* stack;
};
constexpr Mark kMarks[] = {{'R', "ROCk module ", kAmd},
                           {'H', "HSA System Attributes", kAmd},
                           {'=', "ROCm System Management Interface", kAmd},
                           {'=', " Concise Info ", kAmd},
                           {'G', "AMD Instinct", kAmd},
                           {'G', "AMD Radeon", kAmd},
                           {'|', "AMD-SMI ", kAmd},
                           {'H', "HIP version: ", kAmd},
                           {'N', "amdgcn-amd-amdhsa--gfx", kAmd},
                           {'P', "AMD Accelerated Parallel Processing", kAmd},
                           {'[', "[level_zero:gpu]", kIntel},
                           {'[', "[opencl:gpu][opencl:", kIntel},
                           {'[', "[ext_oneapi_level_zero:gpu", kIntel},
                           {'P', "Intel(R) OpenCL Graphics", kIntel},
                           {'P', "Intel(R) OpenCL HD Graphics", kIntel},
                           {'|', "Device Name: Intel(R)", kIntel}};

class OtherMakersReader : public TextReader {
 public:
  const char* name() const override { return "another maker's tool"; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 256));
    if (text.empty()) return false;
    for (const Mark& mark : kMarks) {
      if (text[0] != mark.first || !has(text, mark.text)) continue;
      if (std::string_view(mark.stack) == kIntel && !has(text, "Intel")) continue;
      add_other(declared, mark.stack);
      return true;
    }
    return false;
  }
};
}  // namespace

std::unique_ptr<TextReader> other_makers_reader() { return std::make_unique<OtherMakersReader>(); }

}  // namespace varve
