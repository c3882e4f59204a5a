// nvidia-smi -q (nvidia-smi's manual): keys that are told apart by the section above them, which is indented less.
//   Driver Version                            : 450.66
//   Attached GPUs                             : 1
//   GPU 00000000:01:00.0
//       Product Name                          : GeForce GTX 780
//       MIG Mode
//           Current                           : N/A
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
std::optional<bool> enabled(std::string_view value) {
  if (value == "Enabled") return true;
  if (value == "Disabled") return false;
  return std::nullopt;
}

void set_mode(std::optional<GpuMode>& mode, std::string_view key, std::string_view value) {
  const auto on = enabled(value);
  if (!on) return;
  if (!mode) mode = GpuMode{*on, *on};
  (key == "Pending" ? mode->on_after_reset : mode->on) = *on;
}

void set_number(std::optional<std::int64_t>& number, std::string_view value) {
  if (const auto found = leading_number(value)) number = *found;
}

// "16x" lanes, and generations as "4": what the link has now and at best. Newer tools tell what the GPU and what the
// host has at best; the lesser of both is what there can be.
void set_link(std::string_view part, std::string_view key, std::string_view value, Gpu& gpu) {
  const auto number = leading_number(value);
  if (!number || *number <= 0 || *number > 64) return;
  const bool is_width = part == "Link Width", is_best = key == "Max" || key == "Device Max" || key == "Host Max";
  if ((!is_width && part != "PCIe Generation") || (!is_best && key != "Current" && key != "Device Current")) return;
  std::optional<PcieLink>& link = is_best ? gpu.pcie_max : gpu.pcie;
  if (!link) link = PcieLink{};
  std::int64_t& known = is_width ? link->lanes : link->generation;
  known = known == 0 ? *number : std::min(known, *number);
}

class SmiQueryReader : public TextReader {
 public:
  static constexpr const char* kName = "nvidia-smi -q";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  void take_head(std::string_view key, std::string_view value, const TextLine& line, Declared& declared);
  void take_of_gpu(std::string_view key, std::string_view value, Gpu& gpu) const;
  void take_in_section(std::string_view key, std::string_view value, Gpu& gpu) const;

  std::int64_t begin_ = 0, number_ = -1;
  std::string section_, part_;  // "GPU Link Info" and "Link Width"
};

// "MIG Device : None" of a GPU in MIG mode. One that is divided has the section "MIG Devices".
void note_undivided(std::string_view key, std::string_view value, const Gpu& gpu, const TextLine& line,
                    Declared& declared) {
  if ((key != "MIG Device" && key != "MIG Devices") || value != "None" || !gpu.mig || !gpu.mig->on) return;
  declared.facts.emplace("gpu.mig.instances",
                         missing_fact(Missing::absent, source_at({SmiQueryReader::kName, line.number}), "no instance"));
}

void SmiQueryReader::take_head(std::string_view key, std::string_view value, const TextLine& line, Declared& declared) {
  const TextPlace place{kName, line.number};
  if (key == "Driver Version" || key == "KMD Version") declare_driver(declared, value, place);
  if (key == "CUDA Version" || key == "CUDA UMD Version") declare_api_level(declared, value, place);
  const auto count = key == "Attached GPUs" ? parse_integer(value) : std::nullopt;
  if (DeclaredGpus* list = count ? gpu_list(declared, {kName, begin_}) : nullptr) list->count = *count;
}

void SmiQueryReader::take_of_gpu(std::string_view key, std::string_view value, Gpu& gpu) const {
  if (is_placeholder(value)) return;
  if (key == "Product Name") gpu.model = clean_utf8(value, 96);
  if (key == "Product Brand") gpu.brand = clean_utf8(value, 64);
  if (key == "Product Architecture") gpu.architecture = clean_utf8(value, 64);
  if (key == "VBIOS Version") gpu.vbios = clean_utf8(value, 64);
  if (key == "GSP Firmware Version") gpu.gsp_firmware = clean_utf8(value, 64);
  if (key == "Persistence Mode") gpu.persistence = enabled(value);
  if (key == "Compute Mode" && value == "Default") gpu.compute_mode = ComputeMode::shared;
  if (key == "Compute Mode" && value == "Exclusive_Process") gpu.compute_mode = ComputeMode::exclusive_process;
  if (key == "Compute Mode" && value == "Prohibited") gpu.compute_mode = ComputeMode::prohibited;
}

void SmiQueryReader::take_in_section(std::string_view key, std::string_view value, Gpu& gpu) const {
  if (section_ == "MIG Mode") set_mode(gpu.mig, key, value);
  if (section_ == "ECC Mode" || section_ == "Ecc Mode") set_mode(gpu.ecc, key, value);
  if (section_ == "FB Memory Usage" && key == "Total") set_number(gpu.memory_mib, value);
  if (section_.ends_with("Power Readings") && section_ != "Module Power Readings") {
    const auto watts = parse_number(leading_version(value));
    if (watts && (key == "Power Limit" || key == "Current Power Limit")) gpu.power_limit_watts = watts;
    if (watts && key == "Default Power Limit") gpu.power_limit_default_watts = watts;
  }
  if (section_ == "Max Clocks" && key == "SM") set_number(gpu.clock_sm_max_mhz, value);
  if (section_ == "Max Clocks" && key == "Memory") set_number(gpu.clock_memory_max_mhz, value);
}

bool SmiQueryReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text.substr(0, 256);
  if (holds(line, "===NVSMI LOG===")) {
    begin_ = line.number;
    number_ = -1;
    return true;
  }
  if (begin_ == 0) return false;
  if (text.empty()) return true;
  if (text.starts_with("GPU ") && text.find(':') != std::string_view::npos) {
    Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), ++number_);
    if (gpu != nullptr) gpu->address = pci_address(trim(text.substr(4)));
    return true;
  }
  const std::size_t indent = text.find_first_not_of(' ');
  const std::size_t colon = text.find(" : ");
  if (colon == std::string_view::npos) {
    if (indent == 0 || text.find(':') != std::string_view::npos) return begin_ = 0, false;
    (indent <= 4 ? section_ : part_) = trim(text);
    return true;
  }
  const std::string_view key = trim(text.substr(0, colon)), value = trim(text.substr(colon + 3));
  if (indent == 0) {
    take_head(key, value, line, declared);
    return true;
  }
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), number_);
  if (gpu == nullptr) return true;
  if (indent <= 4) {
    section_.clear();
    note_undivided(key, value, *gpu, line, declared);
    take_of_gpu(key, value, *gpu);
  } else if (indent <= 8) {
    take_in_section(key, value, *gpu);
  } else if (section_ == "PCI") {
    set_link(part_, key, value, *gpu);
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> smi_query_reader() { return std::make_unique<SmiQueryReader>(); }

}  // namespace varve
