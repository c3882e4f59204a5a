// What programs print of the GPUs that CUDA gave them, in CUDA's order:
//   ggml    Device 0: NVIDIA RTX A6000, compute capability 8.6, VMM: yes
//   torch   _CudaDeviceProperties(name='NVIDIA A100-SXM4-80GB', major=8, minor=0, total_memory=81037MB, …)
//   torch   NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with …
//   TensorFlow   device: 0, name: Tesla T4, pci bus id: 0000:00:04.0, compute capability: 7.5
//   ollama  source=routes.go:1187 (that it is ollama: of no release)
//   ollama  msg="inference compute" … compute=8.9 driver=12.4 name="NVIDIA GeForce RTX 4090" total="23.6 GiB"
//   NCCL    cudaDriverVersion 12040
//   Paddle  Please NOTE: device: 0, GPU Compute Capability: 8.6, Driver API Version: 11.6, Runtime API Version: 10.2
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// msg="detected GPUs" count=1 library=/usr/lib/x86_64-linux-gnu/libcuda.so.545.23.08: the libcuda that it opened.
void see_libcuda(const TextLine& line, Declared& declared) {
  if (!holds(line, "libcuda.so.") || !holds(line, "detected GPUs")) return;
  const std::string_view version = leading_version(behind(line.text, "libcuda.so.")->substr(0, 16));
  if (version.find('.') != 3) return;
  declare(declared, "driver.user_mode.version", std::string(version), {"device line", line.number});
}

class DeviceLinesReader : public TextReader {
 public:
  static constexpr const char* kName = "device line";
  const char* name() const override { return kName; }
  void end() override { ggml_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 2048);
    // Searched for by a part that begins with a rare letter: most lines are looked at by memchr alone.
    if (text.size() < 20 || !(holds(line, "bility") || holds(line, "_CudaDevice") || holds(line, "ference compute") ||
                              holds(line, "DriverVersion") || holds(line, ".go:"))) {
      return false;
    }
    see_ollama(line, declared);
    see_libcuda(line, declared);
    return take_ggml(text, line, declared) || take_properties(text, line, declared) ||
           take_capability(text, line, declared) || take_tensorflow(text, line, declared) ||
           take_ollama(text, line, declared) || take_level(text, line, declared) || take_paddle(text, line, declared);
  }

 private:
  // The list that lines belong to: those of one program stand close together.
  static Gpu* gpu_of(std::int64_t& begin, const TextLine& line, std::int64_t number, Declared& declared) {
    if (begin == 0 || number == 0) begin = line.number;
    return gpu_in(gpu_list(declared, {kName, begin}), number);
  }
  static void set(Gpu* gpu, std::string_view model, std::string_view capability) {
    if (gpu == nullptr) return;
    if (!model.empty()) gpu->model = clean_utf8(trim(model), 96);
    gpu->capability = compute_capability_from(capability);
  }
  bool take_ggml(std::string_view text, const TextLine& line, Declared& declared);
  bool take_properties(std::string_view text, const TextLine& line, Declared& declared);
  bool take_capability(std::string_view text, const TextLine& line, Declared& declared);
  bool take_tensorflow(std::string_view text, const TextLine& line, Declared& declared);
  bool take_ollama(std::string_view text, const TextLine& line, Declared& declared);
  static void see_ollama(const TextLine& line, Declared& declared);
  bool take_level(std::string_view text, const TextLine& line, Declared& declared);
  bool take_paddle(std::string_view text, const TextLine& line, Declared& declared);

  std::int64_t ggml_ = 0, properties_ = 0, warned_ = 0, tensorflow_ = 0, ollama_ = 0, paddle_ = 0;
  std::int64_t properties_count_ = 0, ollama_count_ = 0;
};

bool DeviceLinesReader::take_ggml(std::string_view text, const TextLine& line, Declared& declared) {
  const std::size_t at = text.find("Device ");
  const std::size_t comma = text.find(", compute capability ");
  if (at == std::string_view::npos || comma == std::string_view::npos || comma < at) return false;
  const auto number = leading_number(text.substr(at + 7));
  const auto name = behind(text.substr(at, comma - at), ": ");
  if (!number || !name) return false;
  Gpu* gpu = gpu_of(ggml_, line, *number, declared);
  set(gpu, *name, leading_version(text.substr(comma + 21)));
  const auto memory = behind(text, "VRAM: ");
  const auto mib = memory ? leading_number(*memory) : std::nullopt;
  if (gpu != nullptr && mib && *mib > 0 && memory->find(" MiB") != std::string_view::npos) gpu->memory_mib = *mib;
  return true;
}

bool DeviceLinesReader::take_properties(std::string_view text, const TextLine& line, Declared& declared) {
  const auto rest = behind(text, "_CudaDeviceProperties(name='");
  if (!rest) return false;
  const auto major = behind(*rest, "major="), minor = behind(*rest, "minor=");
  if (!major || !minor) return false;
  const std::string capability = std::string(up_to(*major, ",")) + "." + std::string(up_to(*minor, ",)"));
  set(gpu_of(properties_, line, properties_count_++, declared), up_to(*rest, "'"), capability);
  return true;
}

// "Found GPU0 Tesla K40c which is of cuda capability 3.5." stands beside it; the error table explains both.
bool DeviceLinesReader::take_capability(std::string_view text, const TextLine& line, Declared& declared) {
  const std::size_t at = text.find(" with CUDA capability sm_");
  if (at == std::string_view::npos || !has(text, "is not compatible with")) return false;
  std::string_view name = text.substr(0, at);
  for (const std::string_view start : {"NVIDIA ", "GeForce ", "Tesla ", "Quadro "}) {
    const std::size_t begin = name.find(start);
    if (begin == std::string_view::npos) continue;
    name = name.substr(begin);
    break;
  }
  const std::string_view digits = text.substr(at + 25);
  const auto number = leading_number(digits);
  if (!number || *number < 20 || *number > 999) return false;
  set(gpu_of(warned_, line, 0, declared), name.size() > 64 ? "" : name, std::to_string(*number));
  return true;
}

bool DeviceLinesReader::take_tensorflow(std::string_view text, const TextLine& line, Declared& declared) {
  // "StreamExecutor device (0): GeForce RTX 2080 Ti, Compute Capability 7.5"
  if (const auto executor = behind(text, "StreamExecutor device ("); executor) {
    const auto index = leading_number(*executor);
    const auto model = behind(*executor, "): "), level = behind(*executor, ", Compute Capability ");
    if (!index || !model || !level) return false;
    set(gpu_of(tensorflow_, line, *index, declared), up_to(*model, ","), leading_version(*level));
    return true;
  }
  const auto rest = behind(text, "device: ");
  const auto name = rest ? behind(*rest, ", name: ") : std::nullopt;
  const auto capability = name ? behind(*name, "compute capability: ") : std::nullopt;
  const auto number = rest ? leading_number(*rest) : std::nullopt;
  if (!capability || !number) return false;
  Gpu* gpu = gpu_of(tensorflow_, line, *number, declared);
  set(gpu, up_to(*name, ","), leading_version(*capability));
  if (const auto bus = behind(*name, "pci bus id: "); bus && gpu != nullptr)
    gpu->address = pci_address(up_to(*bus, ","));
  return true;
}

bool DeviceLinesReader::take_ollama(std::string_view text, const TextLine& line, Declared& declared) {
  if (!has(text, "msg=\"inference compute\"")) return false;
  const auto capability = behind(text, " compute="), driver = behind(text, " driver="), name = behind(text, " name=\"");
  if (!has(text, "library=cuda") && !has(text, "library=CUDA")) {
    return false;
  }
  if (driver) declare_api_level(declared, up_to(*driver, " "), {kName, line.number});
  set(gpu_of(ollama_, line, ollama_count_++, declared), name ? up_to(*name, "\"") : "",
      capability ? leading_version(*capability) : "");
  return true;
}

// Files of ollama's source, which its log names: "source=routes.go:1187", "2024/01/14 19:50:06 gpu.go:88: …". Which
// release it is stands elsewhere, if at all.
void DeviceLinesReader::see_ollama(const TextLine& line, Declared& declared) {
  if (!holds(line, ".go:")) return;
  if (holds(line, " gpu.go:") || holds(line, "=gpu.go:") || holds(line, "=routes.go:") || holds(line, " routes.go:") ||
      holds(line, " llama.go:") || holds(line, "=types.go:")) {
    // msg="Listening on 127.0.0.1:11434 (version 0.1.38)"
    const auto version = holds(line, "istening on ") ? behind(line.text, " (version ") : std::nullopt;
    const std::string_view release = version ? up_to(*version, ")") : std::string_view();
    const bool is_told = is_package_version(release) && release != "0.0.0";
    add_system_package(declared, "program", "ollama", is_told ? release : kUntoldRelease, line.number);
  }
}

bool DeviceLinesReader::take_level(std::string_view text, const TextLine& line, Declared& declared) {
  const auto level = behind(text, "NCCL INFO cudaDriverVersion ");
  if (!level) return false;
  declare_api_level(declared, *level, {kName, line.number});
  return true;
}
// The runtime is that which Paddle was built with.
bool DeviceLinesReader::take_paddle(std::string_view text, const TextLine& line, Declared& declared) {
  const auto capability = behind(text, "Compute Capability: "), level = behind(text, "Driver API Version: ");
  const auto runtime = behind(text, "Runtime API Version: "), device = behind(text, "device: ");
  const auto number = device ? leading_number(*device) : std::nullopt;
  if (!capability || !level || !runtime || !number) return false;
  set(gpu_of(paddle_, line, *number, declared), "", leading_version(*capability));
  declare_api_level(declared, leading_version(*level), {kName, line.number});
  const std::string_view cuda = leading_version(*runtime);
  if (cuda.find('.') == std::string_view::npos) return true;
  declared.package_cuda.emplace("paddlepaddle-gpu",
                                known_fact(std::string(cuda), source_at({kName, line.number}), Standing::declared));
  return true;
}
}  // namespace

std::unique_ptr<TextReader> device_lines_reader() { return std::make_unique<DeviceLinesReader>(); }

}  // namespace varve
