#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// What an image asks of the machine, in a variable such as
//   NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470,driver<471
// Blanks stand for "or", commas for "and"; each term is NAME OPERATOR VALUE with = != < <= > >=. Names: cuda (what the
// driver supports), driver, arch (compute capability), brand (= and != only). Versions compare number by number, and
// missing ones count as zero. Several variables must all hold. Source: nvidia-container-toolkit,
// internal/requirements; libnvidia-container, dsl.c. They differ on unknown names: the older refuses them, the newer
// passes over them. Here such a term cannot be told.
struct RequirementTerm {
  enum class Operator { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
  std::string name;
  Operator comparison = Operator::equal;
  std::string value;
};

struct ImageRequirement {
  std::vector<std::vector<RequirementTerm>> any_of;  // each holds when all its terms do; none at all: always holds
};

// Error: a term that is none, or a value that its name cannot have.
Result<ImageRequirement> parse_image_requirement(std::string_view text);

// What is known of a machine.
struct RequirementFacts {
  std::optional<std::string> cuda;    // "12.4"
  std::optional<std::string> driver;  // "550.54.15"
  std::optional<std::string> arch;    // "9.0"
  std::optional<std::string> brand;   // "tesla", in lower case
};

enum class Held { no, yes, unknown };

// Whether the machine has what is asked. Unknown when that depends on what is not known.
Held evaluate_requirement(const ImageRequirement& requirement, const RequirementFacts& facts);

// Whether the image's environment says that its requirements do not count: NVIDIA_DISABLE_REQUIRE set to what Go's
// strconv.ParseBool takes for true.
bool are_requirements_disabled(const std::map<std::string, std::string>& environment);

}  // namespace varve
