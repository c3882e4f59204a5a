#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

struct NameTree;

// A piece of a qualified name between two "::", with its template arguments and the parameters behind it.
struct NamePart {
  std::string text;  // "vectorized_elementwise_kernel"; of a lambda "{lambda}", its parameters in `parameters`
  bool has_arguments = false, has_parameters = false;
  std::vector<NameTree> arguments, parameters;
};

// A C++ name taken apart: "at::native::f<4, T>" has three parts, the last of them two arguments, each again a name.
// What does not read as a name (a cast, an expression, what lies more than 64 brackets deep) is one part, as it stands.
struct NameTree {
  std::vector<NamePart> parts;
  std::string ending;  // " const*", "&", "[3]"
};

// `name` in its canonical spelling. Never fails: what it cannot take apart it keeps whole.
NameTree parse_name(std::string_view name);

// The last part that has a name of its own: not a lambda, not "operator()". nullptr when there is none.
const NamePart* named_part(const NameTree& tree);

}  // namespace varve
