#include "kernels/formats/hlo_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.h"
#include "kernels/trace/protobuf.h"

namespace varve {

namespace {
using Dimensions = std::vector<std::int64_t>;

constexpr std::size_t kMostInstructions = 1'000'000;  // of a program; large models have some 100 000
constexpr std::size_t kMostDimensions = 16;           // XLA itself takes no more than a few
constexpr std::size_t kMostOperands = 64;             // that are shown
constexpr int kMostCalls = 16;                        // one inside another: fusions have two or three

struct HloShape {
  std::uint64_t type = 0;  // PrimitiveType
  Dimensions dimensions;
};

// Numbers of dimensions that a dot or a convolution speaks of, by the number of the field.
using DimensionNumbers = std::map<std::uint32_t, Dimensions>;

struct HloInstruction {
  std::string_view name, opcode, source, target;
  std::uint64_t id = 0;
  HloShape shape;
  std::vector<std::uint64_t> operands, called;
  DimensionNumbers dot, convolution;
};

using Computation = std::vector<HloInstruction>;

// The types of xla_data.proto by what is said of them; "" of fp32, which goes without saying.
std::string_view hlo_type(std::uint64_t type) {
  switch (type) {
    case 1:
      return "bool";
    case 2:
    case 6:
      return "int8";
    case 4:
    case 8:
      return "int32";
    case 5:
    case 9:
      return "int64";
    case 10:
      return "fp16";
    case 12:
      return "fp64";
    case 16:
      return "bf16";
    case 19:
    case 20:
    case 23:
    case 24:
    case 25:
      return "fp8";
    default:
      return "";
  }
}

// A repeated number: packed or one by one.
template <class Number>
void take_numbers(const ProtobufField& field, std::vector<Number>& into) {
  if (!field.is_bytes) return into.push_back(static_cast<Number>(field.value));
  XplaneBytes rest = field.bytes;
  for (std::uint64_t value = 0; !rest.empty() && take_varint(rest, value);) {
    into.push_back(static_cast<Number>(value));
  }
}

HloShape hlo_shape(XplaneBytes message) {
  HloShape shape;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 2) shape.type = field.value;
    if (field.number == 3) take_numbers(field, shape.dimensions);
  }
  if (shape.dimensions.size() > kMostDimensions) shape.dimensions.clear();
  return shape;
}

DimensionNumbers dimension_numbers(XplaneBytes message) {
  DimensionNumbers numbers;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) take_numbers(field, numbers[field.number]);
  return numbers;
}

std::string_view source_of(XplaneBytes metadata) {
  ProtobufReader reader(metadata);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 2 && field.is_bytes) return field.text();
  }
  return {};
}

HloInstruction hlo_instruction(XplaneBytes message) {
  HloInstruction one;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 35) one.id = field.value;
    if (field.number == 36) take_numbers(field, one.operands);
    if (field.number == 38) take_numbers(field, one.called);
    if (!field.is_bytes) continue;
    if (field.number == 1) one.name = field.text();
    if (field.number == 2) one.opcode = field.text();
    if (field.number == 3) one.shape = hlo_shape(field.bytes);
    if (field.number == 7) one.source = source_of(field.bytes);
    if (field.number == 16) one.convolution = dimension_numbers(field.bytes);
    if (field.number == 28) one.target = field.text();
    if (field.number == 30) one.dot = dimension_numbers(field.bytes);
  }
  return one;
}

// Nothing of a program that is larger than any.
std::map<std::uint64_t, Computation> hlo_computations(XplaneBytes proto) {
  std::map<std::uint64_t, Computation> all;
  std::size_t instructions = 0;
  ProtobufReader outer(proto);
  for (ProtobufField module; outer.next(module);) {
    if (module.number != 1 || !module.is_bytes) continue;
    ProtobufReader inner(module.bytes);
    for (ProtobufField part; inner.next(part);) {
      if (part.number != 3 || !part.is_bytes) continue;
      Computation computation;
      std::uint64_t id = 0;
      ProtobufReader reader(part.bytes);
      for (ProtobufField field; reader.next(field);) {
        if (field.number == 5) id = field.value;
        if (field.number != 2 || !field.is_bytes) continue;
        if (++instructions > kMostInstructions) return {};
        computation.push_back(hlo_instruction(field.bytes));
      }
      all[id] = std::move(computation);
    }
  }
  return all;
}

std::string hlo_shapes_text(const std::vector<Dimensions>& shapes) {
  std::vector<std::string> texts;
  for (const Dimensions& one : shapes) texts.push_back(fmt::format("[{}]", fmt::join(one, ",")));
  return fmt::format("[{}]", join(texts, ","));
}

// "multiply_bitcast_fusion.2" without the number that the next compilation changes.
std::string_view without_number(std::string_view name) {
  const std::size_t end = name.find_last_not_of("0123456789");
  const bool is_numbered = end != std::string_view::npos && end > 0 && end + 1 < name.size() && name[end] == '.';
  return is_numbered ? name.substr(0, end) : name;
}

// "jit(block)/bhqd,bhkd->bhqk/dot_general": the last word of it.
std::string_view last_word(std::string_view source) { return source.substr(source.rfind('/') + 1); }

// The dimensions of one operand of a dot, as batch, free and contracted ones, each multiplied; nothing where a number
// is none of its dimensions.
struct MatrixSides {
  std::int64_t batch = 1, free = 1, contracted = 1;
  bool has_batch = false;
};
std::optional<MatrixSides> matrix_sides(const Dimensions& shape, const Dimensions& contracting,
                                        const Dimensions& batch) {
  MatrixSides sides{.has_batch = !batch.empty()};
  const auto rank = static_cast<std::int64_t>(shape.size());
  for (const Dimensions* numbers : {&contracting, &batch}) {
    if (std::any_of(numbers->begin(), numbers->end(), [&](std::int64_t one) { return one < 0 || one >= rank; })) {
      return std::nullopt;
    }
  }
  const auto holds = [](const Dimensions& numbers, std::int64_t one) {
    return std::find(numbers.begin(), numbers.end(), one) != numbers.end();
  };
  for (std::int64_t i = 0; i < rank; ++i) {
    std::int64_t& side = holds(contracting, i) ? sides.contracted : holds(batch, i) ? sides.batch : sides.free;
    if (__builtin_mul_overflow(side, shape[static_cast<std::size_t>(i)], &side)) return std::nullopt;
  }
  return sides;
}

using Shapes = std::optional<std::vector<Dimensions>>;

// The operands of a dot as matrices: [[batch, m, k], [batch, k, n]].
Shapes dot_shapes(const HloInstruction& dot, const Dimensions& left, const Dimensions& right) {
  DimensionNumbers numbers = dot.dot;
  const auto a = matrix_sides(left, numbers[1], numbers[3]), b = matrix_sides(right, numbers[2], numbers[4]);
  if (!a || !b) return std::nullopt;
  if (!a->has_batch) return std::vector<Dimensions>{{a->free, a->contracted}, {b->contracted, b->free}};
  return std::vector<Dimensions>{{a->batch, a->free, a->contracted}, {b->batch, b->contracted, b->free}};
}

// The operands of a convolution as [[batch, features, space…], [features out, features in, space…]].
Shapes convolution_shapes(const HloInstruction& convolution, const Dimensions& input, const Dimensions& kernel) {
  DimensionNumbers numbers = convolution.convolution;
  const auto ordered = [](const Dimensions& shape, const Dimensions& order) -> std::optional<Dimensions> {
    Dimensions made;
    for (const std::int64_t one : order) {
      if (one < 0 || one >= static_cast<std::int64_t>(shape.size())) return std::nullopt;
      made.push_back(shape[static_cast<std::size_t>(one)]);
    }
    return made.size() == shape.size() ? std::optional(made) : std::nullopt;
  };
  // A number that is 0 is not written.
  const auto order = [&](std::uint32_t first, std::uint32_t second, std::uint32_t space) {
    Dimensions all = {numbers[first].empty() ? 0 : numbers[first].front(),
                      numbers[second].empty() ? 0 : numbers[second].front()};
    all.insert(all.end(), numbers[space].begin(), numbers[space].end());
    return all;
  };
  const auto a = ordered(input, order(7, 8, 11)), b = ordered(kernel, order(4, 3, 6));
  if (!a || !b) return std::nullopt;
  return std::vector<Dimensions>{*a, *b};
}

// One program, with what its instructions are.
class HloProgram {
 public:
  explicit HloProgram(XplaneBytes proto) : computations_(hlo_computations(proto)) {
    for (const auto& [id, computation] : computations_) {
      for (const HloInstruction& one : computation) by_id_.emplace(one.id, &one);
    }
  }

  std::unordered_map<std::string, std::string> operations() const {
    std::unordered_map<std::string, std::string> made;
    for (const auto& [id, computation] : computations_) {
      for (const HloInstruction& one : computation) made.emplace(std::string(one.name), text_of(one));
    }
    return made;
  }

 private:
  static bool is_product(const HloInstruction& one) { return one.opcode == "dot" || one.opcode == "convolution"; }

  // Dots and convolutions.
  struct Products {
    std::size_t count = 0;
    const HloInstruction* first = nullptr;
    void add(const Products& others) {
      count += others.count;
      if (first == nullptr) first = others.first;
    }
  };

  // Of an instruction and of what it calls.
  Products products_of(const HloInstruction& one, int calls = 0) const {
    if (is_product(one)) return {1, &one};
    Products found;
    if (one.opcode == "while" || one.opcode == "conditional" || one.opcode == "call" || calls == kMostCalls)
      return found;
    for (const std::uint64_t id : one.called) {
      const auto computation = computations_.find(id);
      if (computation == computations_.end()) continue;
      // Looked at once. One that is being looked at calls itself, and has none so far.
      const auto [known, is_new] = products_in_.emplace(id, Products{});
      if (is_new) {
        Products inner;
        for (const HloInstruction& called : computation->second) inner.add(products_of(called, calls + 1));
        products_in_[id] = inner;
      }
      found.add(products_in_[id]);
    }
    return found;
  }

  std::vector<Dimensions> operand_shapes(const HloInstruction& one) const {
    std::vector<Dimensions> shapes;
    for (const std::uint64_t id : one.operands) {
      if (shapes.size() == kMostOperands) break;
      const auto operand = by_id_.find(id);
      shapes.push_back(operand == by_id_.end() ? Dimensions{} : operand->second->shape.dimensions);
    }
    return shapes;
  }

  // What its floating operands compute in, and else itself; each once.
  std::string types_of(const HloInstruction& one) const {
    std::vector<std::string> types;
    const auto add = [&](const HloShape& shape) {
      const std::string_view type = shape.type == 11 ? "fp32" : hlo_type(shape.type);
      const bool is_floating = type.starts_with("fp") || type.starts_with("bf");
      if (is_floating && std::find(types.begin(), types.end(), type) == types.end()) types.emplace_back(type);
    };
    for (const std::uint64_t id : one.operands) {
      if (const auto operand = by_id_.find(id); operand != by_id_.end()) add(operand->second->shape);
    }
    if (types.empty()) add(one.shape);
    return types.size() == 1 && types[0] == "fp32" ? "" : join(types, "+");
  }

  std::string text_of(const HloInstruction& one) const {
    const Products products = products_of(one);
    const HloInstruction& told = products.count == 0 ? one : *products.first;
    std::vector<Dimensions> shapes = operand_shapes(one);
    if (products.count == 1) {
      const std::vector<Dimensions> of = operand_shapes(told);
      const bool is_dot = told.opcode == "dot";
      const Shapes made = of.size() < 2 ? std::nullopt
                          : is_dot      ? dot_shapes(told, of[0], of[1])
                                        : convolution_shapes(told, of[0], of[1]);
      if (made) shapes = *made;
    }
    const std::string_view base = one.target.empty() ? without_number(one.name) : one.target;
    std::string_view word = last_word(told.source);
    if (word.empty()) word = products.count == 0 ? base : told.opcode;
    std::string text(word);
    if (products.count > 1) text += fmt::format(" ×{}", products.count);
    if (base != word && base != told.opcode) text += fmt::format(" ({})", base);
    if (!shapes.empty()) text += ' ' + hlo_shapes_text(shapes);
    const std::string types = types_of(told);
    if (!types.empty() && !shapes.empty()) text += ' ' + types;
    return clean_utf8(text, 1000);
  }

  std::map<std::uint64_t, Computation> computations_;
  std::unordered_map<std::uint64_t, const HloInstruction*> by_id_;
  mutable std::unordered_map<std::uint64_t, Products> products_in_;  // by the computation
};
}  // namespace

const std::string& HloPrograms::operation(std::uint64_t program, std::string_view instruction) {
  static const std::string kNone;
  const auto proto = protos_.find(program);
  if (proto == protos_.end() || instruction.empty()) return kNone;
  auto taken = taken_.find(program);
  if (taken == taken_.end()) taken = taken_.emplace(program, HloProgram(proto->second).operations()).first;
  const auto found = taken->second.find(std::string(instruction));
  return found == taken->second.end() ? kNone : found->second;
}

}  // namespace varve
