// lscpu (util-linux sys-utils/lscpu.c), which collect_env prints too:
//   Model name:                      Intel(R) Xeon(R) Platinum 8336C CPU @ 2.30GHz
//   Thread(s) per core:              2
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
struct ProcessorKey {
  std::string_view key;
  const char* fact;
  bool is_number;
};
constexpr ProcessorKey kProcessorKeys[] = {
    {"Model name", "cpu.model", false}, {"Vendor ID", "cpu.vendor", false},
    {"CPU(s)", "cpu.threads", true},    {"Thread(s) per core", "cpu.threads_per_core", true},
    {"Socket(s)", "cpu.sockets", true}, {"NUMA node(s)", "numa.nodes", true},
    {"Stepping", "cpu.stepping", true}, {"Architecture", "os.architecture", false}};

class ProcessorReader : public TextReader {
 public:
  static constexpr const char* kName = "lscpu";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::size_t colon = line.text.find(':');
    if (colon == std::string_view::npos || colon > 24) return false;
    const std::string_view key = trim(line.text.substr(0, colon)), value = trim(line.text.substr(colon + 1));
    for (const ProcessorKey& row : kProcessorKeys) {
      if (key != row.key) continue;
      const TextPlace place{kName, line.number};
      if (row.is_number) {
        const auto number = parse_integer(value);
        if (number && *number >= 0 && *number < 100'000) declare(declared, row.fact, *number, place);
      } else if (row.fact != std::string_view("os.architecture") || value == "x86_64" || value == "aarch64") {
        declare(declared, row.fact, std::string(value), place);
      }
      return true;
    }
    return false;
  }
};
}  // namespace

std::unique_ptr<TextReader> processor_reader() { return std::make_unique<ProcessorReader>(); }

}  // namespace varve
