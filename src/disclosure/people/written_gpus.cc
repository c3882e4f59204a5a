#include "disclosure/people/written_gpus.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/people/written_values.h"

namespace varve {

std::vector<WrittenGpu> written_gpus(
    std::string_view value, const std::function<std::optional<ComputeCapability>(std::string_view name)>& product) {
  std::vector<WrittenGpu> pieces;
  // What would do, or has to be, is nobody's: "RTX 3090 or better".
  const std::string said = to_lower(value);
  for (const std::string_view mark : {" or ", "recommend", "requir", "minimum", "at least", "support", " is ", "any ",
                                      " node", " server", "(linux"}) {
    if (has(said, mark)) return {};
  }
  // "H100/H200/H20": one of several; "GPU models and configuration: GPU 0: GeForce RTX 2080 Ti"
  if (std::count(value.begin(), value.end(), '/') > 1) return {};
  if (value.size() > 7 && said.starts_with("gpu ") && is_digit(value[4]) && value.substr(5).starts_with(": ")) {
    value.remove_prefix(7);
  }
  std::string text = with_plain_marks(value);
  for (const std::string_view joint : {" and ", " & ", " + "}) replace_all(text, joint, ",");
  std::string_view rest = text;
  while (!rest.empty() && pieces.size() < 8) {
    const std::size_t comma = rest.find_first_of(",;");
    const auto [count, name] = counted(trim(rest.substr(0, comma)));
    std::string plain(plain_product(name));
    if (std::string numbered = numbered_geforce(plain); !numbered.empty()) plain = std::move(numbered);
    auto capability = product(plain);
    if (const std::string other = capability ? "" : with_own_prefix(plain); !other.empty()) {
      plain = other;
      capability = product(plain);
    }
    if (capability) {
      pieces.push_back({count, plain, *capability});
    } else if (pieces.empty()) {
      return {};  // what follows a product may be anything: "RTX 4090, 24 GB"
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return pieces;
}

}  // namespace varve
