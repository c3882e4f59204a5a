// nvidia-smi without arguments. Its head has had three forms, the newest since R610:
//   | NVIDIA-SMI 384.111                Driver Version: 384.111                   |
//   | NVIDIA-SMI 550.135                Driver Version: 550.135        CUDA Version: 12.4     |
//   | NVIDIA-SMI 610.43.02              KMD Version: 610.43.02     CUDA UMD Version: 13.3     |
// A GPU has two lines, since R450 three:
//   |   0  NVIDIA B200                    On  |   00000000:63:00.0 Off |                    0 |
//   | N/A   26C    P0            139W / 1000W |       0MiB / 183359MiB |      0%      Default |
//   |                                         |                        |             Disabled |
// Under WSL the program is of Linux and the driver of Windows, whose numbers differ; Windows' table has a driver model:
//   | NVIDIA-SMI 545.36                 Driver Version: 546.33       CUDA Version: 12.3     |
//   |   0  NVIDIA GeForce RTX 3050 ...  WDDM  |   00000000:01:00.0  On |                  N/A |
// Long names end in "..." before R510. "CUDA Version: N/A" is printed where NVML finds no libcuda. "CUDA Version" is
// the API level of libcuda, no toolkit.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class SmiTableReader : public TextReader {
 public:
  static constexpr const char* kName = "nvidia-smi";
  const char* name() const override { return kName; }
  void end() override { place_ = 0, begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_line(const TextLine& line, Declared& declared);
  void take_head(const TextLine& line, std::string_view text, Declared& declared);
  void take_row(std::string_view first, std::string_view second, std::string_view third, const TextLine& line,
                Declared& declared);
  void take_usage(std::string_view first, std::string_view second, std::string_view third, Declared& declared);
  Gpu* current(Declared& declared) { return gpu_in(gpu_list(declared, {kName, begin_}), number_); }

  std::int64_t begin_ = 0;  // line of the head; 0: no table is open
  std::int64_t number_ = 0;
  int place_ = 0;  // how many lines of the GPU have been read; 0: none is open
};

void SmiTableReader::take_head(const TextLine& line, std::string_view text, Declared& declared) {
  begin_ = line.number;
  place_ = 0;
  const TextPlace place{kName, line.number};
  for (const std::string_view key : {"Driver Version: ", "KMD Version: "}) {
    const auto version = behind(text, key);
    if (!version) continue;
    declare_driver(declared, *version, place);
    const std::string_view driver = leading_version(trim(*version));
    const std::string_view own = leading_version(trim(behind(text, "NVIDIA-SMI ").value_or("")));
    if (own.empty() || own == driver || driver.size() != 6) continue;
    declare(declared, "machine.hypervisor", "Hyper-V (WSL)", place, "nvidia-smi and the driver differ",
            Standing::inferred);
    declare(declared, "driver.user_mode.role", "wsl", place, "", Standing::inferred);
  }
  for (const std::string_view key : {"CUDA Version: ", "CUDA UMD Version: "}) {
    const auto level = behind(text, key);
    if (level) declare_api_level(declared, *level, place);
    if (!level || !level->starts_with("N/A")) continue;
    declared.facts["driver.user_mode.version"] =
        missing_fact(Missing::absent, source_at(place), "nvidia-smi finds no libcuda to ask for its CUDA version");
  }
}

// "0  NVIDIA B200                    On", "00000000:63:00.0 Off", "0"
void SmiTableReader::take_row(std::string_view first, std::string_view second, std::string_view third,
                              const TextLine& line, Declared& declared) {
  number_ = *leading_number(first);
  Gpu* gpu = current(declared);
  if (gpu == nullptr) return;
  place_ = 1;
  std::string_view name = trim(first.substr(first.find_first_not_of("0123456789")));
  const std::size_t blank = name.find_last_of(" \t");
  const std::string_view mode = blank == std::string_view::npos ? "" : name.substr(blank + 1);
  if (mode == "On" || mode == "Off" || mode == "N/A" || mode == "WDDM" || mode == "TCC" || mode == "MCDM") {
    name = trim(name.substr(0, blank));
    if (mode == "On" || mode == "Off") gpu->persistence = mode == "On";
    if (mode == "WDDM" || mode == "TCC" || mode == "MCDM") {
      gpu->driver_model = mode;
      declare(declared, "os.name", "Windows", {kName, line.number}, "", Standing::inferred);
    }
  }
  gpu->model = clean_utf8(name, 96);
  gpu->address = pci_address(up_to(second, " "));
  if (third == "Off" || (!third.empty() && is_digit(third[0]))) gpu->ecc = GpuMode{third != "Off", third != "Off"};
}

// "26C    P0            139W / 1000W", "0MiB / 183359MiB", "0%      Default"
void SmiTableReader::take_usage(std::string_view first, std::string_view second, std::string_view third,
                                Declared& declared) {
  Gpu* gpu = current(declared);
  if (gpu == nullptr) return;
  if (const auto cap = behind(first, "/ "); cap && !leading_version(trim(*cap)).empty()) {
    gpu->power_limit_watts = parse_number(leading_version(trim(*cap)));
  }
  if (const auto memory = behind(second, "/ ")) {
    const auto mib = leading_number(trim(*memory));
    if (mib && *mib > 0 && second.ends_with("MiB")) gpu->memory_mib = *mib;
  }
  if (third.ends_with("Default")) gpu->compute_mode = ComputeMode::shared;
  if (third.ends_with("E. Process")) gpu->compute_mode = ComputeMode::exclusive_process;
  if (third.ends_with("E. Thread")) gpu->compute_mode = ComputeMode::exclusive_thread;
  if (third.ends_with("Prohibited")) gpu->compute_mode = ComputeMode::prohibited;
}

// A table whose ends of lines were lost, as outside of a fence Markdown loses them: a bar and a corner, or two of them,
// stand side by side where a line ended.
bool SmiTableReader::take(const TextLine& line, Declared& declared) {
  const bool is_flat = line.text.size() > 240 && holds(line, "NVIDIA-SMI ") && has(line.text, "MiB / ");
  if (!is_flat) return take_line(line, declared);
  std::string_view rest = line.text;
  const auto is_edge = [](char c) { return c == '|' || c == '+'; };
  for (std::size_t i = 0; i + 2 < rest.size();) {
    if (!is_edge(rest[i]) || rest[i + 1] != ' ' || !is_edge(rest[i + 2])) {
      ++i;
      continue;
    }
    take_line({rest.substr(0, i + 1), line.number}, declared);
    rest.remove_prefix(i + 2);
    i = 0;
  }
  take_line({rest, line.number}, declared);
  return true;
}

bool SmiTableReader::take_line(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text.substr(0, 512);
  // In a report of its own or in the middle of a sentence: "nvidia-smi: NVIDIA-SMI 450.51.05    Driver Version: …"
  const bool is_cut_head = holds(line, "Driver Version: ") && has(text, " CUDA Version: ") && text.find('.') == 3 &&
                           leading_version(text).size() > 5;  // "515.48.07    Driver Version: 515.48.07    CUDA …"
  if (is_cut_head || (holds(line, "NVIDIA-SMI ") && has(text, " Version: "))) {
    take_head(line, text, declared);
    return true;
  }
  if (holds(line, "No MIG devices found")) {
    declared.facts.emplace("gpu.mig.instances",
                           missing_fact(Missing::absent, source_at({name(), line.number}), "no MIG devices found"));
    return true;
  }
  if (begin_ == 0 || text.empty() || (text[0] != '|' && text[0] != '+')) return false;
  if (text[0] == '+' || has(text, "Processes:") || has(text, "MIG devices:")) {
    if (text[0] == '|') begin_ = 0;  // no more GPUs
    place_ = 0;
    return true;
  }
  const std::vector<std::string_view> cells = split(text.substr(1), '|');
  if (cells.empty()) return true;
  const auto cell = [&](std::size_t i) { return i < cells.size() ? trim(cells[i]) : std::string_view(); };
  const std::string_view first = cell(0), second = cell(1), third = cell(2);
  const bool is_row = leading_number(first) && first.size() > 4 && !has(first, "MiB") &&
                      (cells.size() < 3 || second.find(':') != std::string_view::npos);
  if (place_ == 0 && is_row && first[first.find_first_not_of("0123456789")] == ' ') {
    take_row(first, second, third, line, declared);
  } else if (place_ == 1) {
    take_usage(first, second, third, declared);
    place_ = 2;
  } else if (place_ == 2) {
    Gpu* gpu = current(declared);
    if (gpu != nullptr && (third == "Enabled" || third == "Disabled")) {
      gpu->mig = GpuMode{third == "Enabled", third == "Enabled"};
    }
    if (gpu != nullptr && third == "Enabled*") gpu->mig = GpuMode{false, true};
    place_ = 3;
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> smi_table_reader() { return std::make_unique<SmiTableReader>(); }

}  // namespace varve
