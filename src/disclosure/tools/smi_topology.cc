// nvidia-smi topo -m: how many GPUs there are, and how they are joined.
//           GPU0    GPU1    CPU Affinity    NUMA Affinity
//   GPU0     X      NV12    0-15,32-47      0
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class SmiTopologyReader : public TextReader {
 public:
  static constexpr const char* kName = "nvidia-smi topo";
  const char* name() const override { return kName; }
  void end() override { is_open_ = false; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 2048));
    if (!is_open_ && (!text.starts_with("GPU0") || !has(text, "CPU"))) return false;
    const std::vector<std::string_view> words = split_words(text);
    if (words.empty()) return is_open_ = false;
    if (!is_open_) {
      const auto count = std::count_if(words.begin(), words.end(), [](std::string_view word) {
        return word.starts_with("GPU") && word.size() > 3 && is_digit(word[3]);
      });
      is_open_ = true;
      if (DeclaredGpus* list = gpu_list(declared, {kName, line.number})) list->count = count;
      return true;
    }
    const bool is_row = words[0].starts_with("GPU") || words[0].starts_with("NIC") || words[0].starts_with("mlx");
    if (!is_row) is_open_ = false;
    return is_row;
  }

 private:
  bool is_open_ = false;
};
}  // namespace

std::unique_ptr<TextReader> smi_topology_reader() { return std::make_unique<SmiTopologyReader>(); }

}  // namespace varve
