// nvidia-smi --query-gpu=… --format=csv[,noheader][,nounits]: the head names the fields, or the command does.
//   name, driver_version, memory.total [MiB]
//   NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB
#include <algorithm>

#include "base/redact.h"
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostFields = 64;

constexpr std::string_view kFields[] = {"name",
                                        "gpu_name",
                                        "driver_version",
                                        "index",
                                        "count",
                                        "compute_cap",
                                        "memory.total",
                                        "pci.bus_id",
                                        "gpu_bus_id",
                                        "vbios_version",
                                        "power.limit",
                                        "power.default_limit",
                                        "ecc.mode.current",
                                        "mig.mode.current",
                                        "persistence_mode",
                                        "compute_mode",
                                        "clocks.max.sm",
                                        "clocks.max.memory",
                                        "uuid",
                                        "gpu_uuid",
                                        "timestamp",
                                        "memory.used",
                                        "memory.free",
                                        "utilization.gpu",
                                        "temperature.gpu",
                                        "power.draw",
                                        "pstate",
                                        "serial"};

// The known fields among those named, "" for others; nothing where fewer than two are known, or one alone is not.
std::vector<std::string> fields_in(std::string_view text) {
  std::vector<std::string> fields;
  std::size_t known = 0;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view name = trim(up_to(trim(piece), "["));
    const bool is_known = std::find(std::begin(kFields), std::end(kFields), name) != std::end(kFields);
    known += is_known ? 1 : 0;
    fields.emplace_back(name);
    if (fields.size() > kMostFields) return {};
  }
  return 2 * known < fields.size() || known == 0 ? std::vector<std::string>() : fields;
}

void set_on(std::optional<GpuMode>& mode, std::string_view value) {
  if (value == "Enabled" || value == "Disabled") mode = GpuMode{value == "Enabled", value == "Enabled"};
}

class SmiCsvReader : public TextReader {
 public:
  static constexpr const char* kName = "nvidia-smi --query-gpu";
  const char* name() const override { return kName; }
  void end() override { is_open_ = false; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_row(const TextLine& line, Declared& declared);
  void set(std::string_view field, std::string_view value, Gpu& gpu, const TextLine& line, Declared& declared) const;

  std::vector<std::string> fields_;
  bool is_open_ = false;  // rows follow
  std::int64_t begin_ = 0, next_ = 0;
};

void SmiCsvReader::set(std::string_view field, std::string_view value, Gpu& gpu, const TextLine& line,
                       Declared& declared) const {
  if (is_placeholder(value)) return;
  if (field == "name" || field == "gpu_name") gpu.model = clean_utf8(value, 96);
  if (field == "driver_version") declare_driver(declared, value, {kName, line.number});
  if (field == "compute_cap") gpu.capability = compute_capability_from(value);
  if (field == "memory.total") gpu.memory_mib = leading_number(value);
  if (field == "pci.bus_id" || field == "gpu_bus_id") gpu.address = pci_address(value);
  if (field == "vbios_version") gpu.vbios = clean_utf8(value, 64);
  if (field == "power.limit") gpu.power_limit_watts = parse_number(leading_version(value));
  if (field == "power.default_limit") gpu.power_limit_default_watts = parse_number(leading_version(value));
  if (field == "ecc.mode.current") set_on(gpu.ecc, value);
  if (field == "mig.mode.current") set_on(gpu.mig, value);
  if (field == "persistence_mode" && value != "[N/A]") gpu.persistence = value == "Enabled";
  if (field == "clocks.max.sm") gpu.clock_sm_max_mhz = leading_number(value);
  if (field == "clocks.max.memory") gpu.clock_memory_max_mhz = leading_number(value);
  if ((field == "uuid" || field == "gpu_uuid") && value.size() == 40) gpu.uuid = hashed_gpu_id(value);
  if (field == "compute_mode" && value == "Default") gpu.compute_mode = ComputeMode::shared;
  if (field == "compute_mode" && value == "Exclusive_Process") gpu.compute_mode = ComputeMode::exclusive_process;
  if (field == "compute_mode" && value == "Prohibited") gpu.compute_mode = ComputeMode::prohibited;
}

bool SmiCsvReader::take_row(const TextLine& line, Declared& declared) {
  const std::vector<std::string_view> values = split(line.text, ',');
  if (values.size() != fields_.size()) return is_open_ = false;
  const auto at = std::find(fields_.begin(), fields_.end(), "index");
  std::int64_t number = next_++;
  if (at != fields_.end()) {
    const auto stated = parse_integer(trim(values[static_cast<std::size_t>(at - fields_.begin())]));
    if (!stated) return is_open_ = false;
    number = *stated;
  }
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), number);
  if (gpu == nullptr) return is_open_ = false;
  for (std::size_t i = 0; i < values.size(); ++i) set(fields_[i], trim(values[i]), *gpu, line, declared);
  return true;
}

bool SmiCsvReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.size() > 2048) return false;
  const std::size_t command = may_hold(line, "--query-gpu=") ? text.find("--query-gpu=") : std::string_view::npos;
  if (command != std::string_view::npos && text.find("nvidia-smi") < command) {
    std::string_view named = text.substr(command + 12);
    named = named.starts_with('"') || named.starts_with('\'') ? up_to(named.substr(1), "\"'") : up_to(named, " ");
    fields_ = fields_in(named);
    is_open_ = !fields_.empty();
    begin_ = line.number;
    next_ = 0;
    return is_open_;
  }
  if (is_open_ && next_ == 0 && fields_in(text).size() == fields_.size()) return true;  // the head below its command
  if (is_open_ && !text.empty()) return take_row(line, declared);
  // A head begins with the name of a field, in small letters: a log's line with its time does not.
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos || text[first] < 'a' || text[first] > 'z') return false;
  if (text.find(',') == std::string_view::npos) return false;
  std::vector<std::string> fields = fields_in(text);
  if (fields.size() < 2 || std::find(fields.begin(), fields.end(), "") != fields.end()) return false;
  fields_ = std::move(fields);
  is_open_ = true;
  begin_ = line.number;
  next_ = 0;
  return true;
}
}  // namespace

std::unique_ptr<TextReader> smi_csv_reader() { return std::make_unique<SmiCsvReader>(); }

}  // namespace varve
