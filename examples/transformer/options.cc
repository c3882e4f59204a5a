#include "transformer/options.h"

#include <charconv>
#include <optional>

namespace varve {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
constexpr double kMemoryLimit = 8 * kGibibyte;

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct IntegerOption {
  std::string_view name;
  int* target;
  int largest;
};

std::optional<UsageError> check_together(const Options& options) {
  const BlockShape& shape = options.shape;
  if (shape.width % shape.heads != 0) {
    return UsageError{"--heads must divide --width: " + std::to_string(shape.width) + " is no multiple of " +
                      std::to_string(shape.heads)};
  }
  double bytes =
      static_cast<double>(weight_bytes(shape)) * options.layers + static_cast<double>(activation_bytes(shape));
  if (bytes > kMemoryLimit) {
    return UsageError{
        "these sizes need " + std::to_string(static_cast<int>(bytes / kGibibyte)) +
        " GiB, and this example allows itself 8 GiB: take fewer --tokens or --layers or a smaller --width"};
  }
  return std::nullopt;
}

}  // namespace

std::variant<Options, UsageError> parse_options(const std::vector<std::string_view>& arguments) {
  Options options;
  const IntegerOption integers[] = {
      {"--tokens", &options.shape.tokens, 16384},     {"--width", &options.shape.width, 16384},
      {"--heads", &options.shape.heads, 1024},        {"--layers", &options.layers, 64},
      {"--iterations", &options.iterations, 1000000}, {"--threads", &options.threads, 1024},
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name(arguments[i]);
    if (name == "--help" || name == "-h") {
      options.help = true;
      continue;
    }
    if (name == "--print-blas") {
      options.print_blas = true;
      continue;
    }
    const IntegerOption* integer = nullptr;
    for (const IntegerOption& candidate : integers) {
      if (candidate.name == name) integer = &candidate;
    }
    if (integer == nullptr && name != "--seed") return UsageError{"unknown argument \"" + name + "\""};
    if (++i == arguments.size()) return UsageError{name + " needs a value"};
    if (integer == nullptr) {
      auto seed = parse_whole<std::uint64_t>(arguments[i]);
      if (!seed) return UsageError{"--seed takes a whole number from 0, not \"" + std::string(arguments[i]) + "\""};
      options.seed = *seed;
      continue;
    }
    auto value = parse_whole<int>(arguments[i]);
    if (!value || *value < 1 || *value > integer->largest) {
      return UsageError{name + " takes a whole number from 1 to " + std::to_string(integer->largest) + ", not \"" +
                        std::string(arguments[i]) + "\""};
    }
    *integer->target = *value;
  }
  if (auto error = check_together(options)) return *error;
  return options;
}

std::string usage_text() {
  Options defaults;
  auto number = [](auto value) { return " (" + std::to_string(value) + ")\n"; };
  return "transformer: forward passes of a transformer in single precision on the system's BLAS\n\n"
         "  --tokens N      tokens in a pass" +
         number(defaults.shape.tokens) + "  --width N       width of the block, a multiple of --heads" +
         number(defaults.shape.width) + "  --heads N       attention heads" + number(defaults.shape.heads) +
         "  --layers N      blocks in a row" + number(defaults.layers) + "  --iterations N  passes through all layers" +
         number(defaults.iterations) + "  --threads N     threads the BLAS may use" + number(defaults.threads) +
         "  --seed N        of weights and input" + number(defaults.seed) +
         "  --print-blas    say which BLAS this is and which kernels it chose, and end\n"
         "  --help          this text\n\n"
         "Before it measures, it compares its result with a plain reference implementation.\n"
         "Where VARVE_METRICS names a file, it appends one JSON line for each pass: tokens/s, when, how many tokens.\n"
         "Exit status: 0 done, 1 the result is wrong, 2 the command line is, 4 the metrics could not be written.\n";
}

}  // namespace varve
