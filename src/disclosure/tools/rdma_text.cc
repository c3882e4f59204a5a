// Adapters of InfiniBand and RoCE: ibstat, ibstatus, ibv_devinfo (rdma-core), the legend of nvidia-smi topo -m, what
// NCCL says that it uses, and lspci. GUIDs, LIDs and addresses are not kept.
//   CA 'mlx5_5'                                             ibstat; then "State: Active", "Rate: 400", "Link layer: …"
//   Infiniband device 'mlx5_0' port 1 status:               ibstatus; then "state: 4: ACTIVE", "rate: 100 Gb/sec (…)"
//   hca_id: mlx5_0                                          ibv_devinfo; then "state: PORT_ACTIVE (4)", "link_layer: …"
//     NIC0: mlx5_0                                          below "NIC Legend:"
//   NCCL INFO NET/IB : Using [0]mlx5_0:1/RoCE [1]mlx5_1:1/IB/SHARP [RO]; OOB …
//   86:00.0 Infiniband controller: Mellanox Technologies MT2910 Family [ConnectX-7]
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostAdapters = 64;

bool is_adapter_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && is_package_name(name) && (name[0] < '0' || name[0] > '9');
}

class RdmaTextReader : public TextReader {
 public:
  static constexpr const char* kName = "RDMA adapters";
  const char* name() const override { return kName; }
  void end() override {
    open_.clear();
    in_legend_ = false;
  }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 4096);
    const std::string_view inner = trim(text);
    const bool may_be_nccl = text.find('/') != std::string_view::npos;
    if (inner.empty()) return false;
    if (take_start(inner, line, declared)) return true;
    if (in_legend_ && take_legend(inner, line, declared)) return true;
    if (!open_.empty() && take_member(inner, declared)) return true;
    return may_be_nccl && take_nccl(text, line, declared);
  }

 private:
  static RdmaAdapter* adapter_of(std::string_view name, const TextLine& line, Declared& declared) {
    std::vector<RdmaAdapter>& adapters = declared.adapters;
    const auto at = std::find_if(adapters.begin(), adapters.end(), [&](const auto& one) { return one.name == name; });
    if (at != adapters.end()) return &*at;
    if (adapters.size() >= kMostAdapters) return nullptr;
    if (adapters.empty()) declared.adapters_line = line.number;
    adapters.push_back({.name = std::string(name), .link_layer = {}, .gigabits = {}});
    return &adapters.back();
  }
  bool take_start(std::string_view text, const TextLine& line, Declared& declared);
  bool take_legend(std::string_view text, const TextLine& line, Declared& declared);
  bool take_member(std::string_view text, Declared& declared);
  static bool take_nccl(std::string_view text, const TextLine& line, Declared& declared);

  std::string open_;  // the adapter whose members follow
  bool in_legend_ = false;
};

bool RdmaTextReader::take_start(std::string_view text, const TextLine& line, Declared& declared) {
  std::string_view name;
  switch (text[0]) {
    case 'C':
      if (text.starts_with("CA '")) name = up_to(text.substr(4), "'");
      break;
    case 'I':
      if (text.starts_with("Infiniband device '")) name = up_to(text.substr(19), "'");
      break;
    case 'h':
      if (text.starts_with("hca_id:")) name = trim(text.substr(7));
      break;
    case 'N':
      if (text == "NIC Legend:") in_legend_ = true;
      return in_legend_ && text == "NIC Legend:";
    default:
      return false;
  }
  if (!is_adapter_name(name) || adapter_of(name, line, declared) == nullptr) return false;
  in_legend_ = false;
  open_ = name;
  return true;
}

bool RdmaTextReader::take_legend(std::string_view text, const TextLine& line, Declared& declared) {
  const auto pair = key_and_value(text);
  in_legend_ = pair && pair->first.starts_with("NIC") && is_adapter_name(pair->second);
  if (in_legend_) adapter_of(pair->second, line, declared);
  return in_legend_;
}

// "State: Active", "state:   PORT_ACTIVE (4)", "Rate: 400", "rate: 100 Gb/sec (4X EDR)", "Link layer: InfiniBand". The
// first port that is up speaks for the adapter.
bool RdmaTextReader::take_member(std::string_view text, Declared& declared) {
  const auto pair = key_and_value(text);
  if (!pair) {
    open_.clear();
    return false;
  }
  const std::string key = to_lower(pair->first);
  const auto at = std::find_if(declared.adapters.begin(), declared.adapters.end(),
                               [&](const RdmaAdapter& one) { return one.name == open_; });
  if (key == "state") {
    at->is_down = to_lower(pair->second).find("active") == std::string::npos;
  } else if (key == "rate" && !at->is_down) {
    if (const auto rate = leading_number(pair->second); rate && *rate > 0) at->gigabits = static_cast<int>(*rate);
  } else if ((key == "link layer" || key == "link_layer") && at->link_layer.empty()) {
    if (pair->second == "InfiniBand" || pair->second == "Ethernet") at->link_layer = pair->second;
  }
  return true;
}

// "[0]mlx5_0:1/RoCE", "[1]mlx5_1:1/IB/SHARP"
bool RdmaTextReader::take_nccl(std::string_view text, const TextLine& line, Declared& declared) {
  const auto list = behind(text, "NET/IB : Using ");
  if (!list) return false;
  for (const std::string_view word : split_words(up_to(*list, ";"))) {
    const std::size_t bracket = word.find(']'), colon = word.find(':'), slash = word.find('/');
    if (word[0] != '[' || slash == std::string_view::npos || colon > slash || bracket > colon) continue;
    const std::string_view name = word.substr(bracket + 1, colon - bracket - 1);
    RdmaAdapter* adapter = is_adapter_name(name) ? adapter_of(name, line, declared) : nullptr;
    if (adapter == nullptr) continue;
    const std::string_view link = up_to(word.substr(slash + 1), "/");
    if (link == "RoCE") adapter->link_layer = "Ethernet";
    if (link == "IB") adapter->link_layer = "InfiniBand";
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> rdma_text_reader() { return std::make_unique<RdmaTextReader>(); }

}  // namespace varve
