#include "model/kernels/operation_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/text.h"

namespace varve {

namespace {
using OperandShape = std::vector<std::int64_t>;

enum class ProductKind {
  matrices,     // [batch, m, k] by [batch, k, n]
  linear,       // [..., k] by [n, k]
  convolution,  // [batch, features, space…] by [features out, features in, space…]
};

// An operation, and at which of its arguments the two operands stand.
struct ProductOperation {
  std::string_view name;
  ProductKind kind = ProductKind::matrices;
  std::size_t first = 0, second = 1;
};

constexpr std::array kProducts = {
    ProductOperation{"aten::mm", ProductKind::matrices, 0, 1},
    ProductOperation{"aten::bmm", ProductKind::matrices, 0, 1},
    ProductOperation{"aten::addmm", ProductKind::matrices, 1, 2},
    ProductOperation{"aten::_addmm_activation", ProductKind::matrices, 1, 2},
    ProductOperation{"aten::baddbmm", ProductKind::matrices, 1, 2},
    ProductOperation{"aten::_scaled_mm", ProductKind::matrices, 0, 1},
    ProductOperation{"aten::_int_mm", ProductKind::matrices, 0, 1},
    ProductOperation{"aten::mkldnn_linear", ProductKind::linear, 0, 1},
    ProductOperation{"mkldnn::_linear_pointwise", ProductKind::linear, 0, 1},
    ProductOperation{"mkl::_mkl_linear", ProductKind::linear, 0, 2},
    ProductOperation{"dot_general", ProductKind::matrices, 0, 1},
    ProductOperation{"dot", ProductKind::matrices, 0, 1},
    ProductOperation{"aten::mkldnn_convolution", ProductKind::convolution, 0, 1},
    ProductOperation{"mkldnn::_convolution_pointwise", ProductKind::convolution, 0, 1},
    ProductOperation{"aten::_slow_conv2d_forward", ProductKind::convolution, 0, 1},
    ProductOperation{"aten::cudnn_convolution", ProductKind::convolution, 0, 1},
    ProductOperation{"aten::miopen_convolution", ProductKind::convolution, 0, 1},
    ProductOperation{"aten::_conv_depthwise2d", ProductKind::convolution, 0, 1},
    ProductOperation{"conv_general_dilated", ProductKind::convolution, 0, 1},
    ProductOperation{"convolution", ProductKind::convolution, 0, 1},
};

// "[[512,256],[256,768],[]]", with anything behind it; lists that hold other than numbers are empty.
std::vector<OperandShape> operand_shapes(std::string_view text) {
  std::vector<OperandShape> shapes;
  std::size_t depth = 0, begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      if (++depth == 2) begin = i + 1;
    } else if (text[i] == ']') {
      if (depth == 0) break;
      if (depth == 2) {
        OperandShape shape;
        for (const std::string_view one : split(text.substr(begin, i - begin), ',')) {
          const auto number = parse_integer(one);
          if (number && *number > 0) shape.push_back(*number);
        }
        shapes.push_back(std::move(shape));
      }
      if (--depth == 0) break;
    }
  }
  return shapes;
}

std::string matrices_text(std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n) {
  if (m > n) std::swap(m, n);
  const std::string product = fmt::format("{}×{} · {}×{}", m, k, k, n);
  return batch == 1 ? product : fmt::format("{} of {}", batch, product);
}

std::string matrices_work(const OperandShape& a, const OperandShape& b) {
  const bool is_batch = a.size() == 3 && b.size() == 3;
  if (!is_batch && (a.size() != 2 || b.size() != 2)) return "";
  if (is_batch && a[0] != b[0]) return "";
  const std::size_t at = is_batch ? 1 : 0;
  return a[at + 1] == b[at] ? matrices_text(is_batch ? a[0] : 1, a[at], b[at], b[at + 1]) : "";
}

std::string linear_work(const OperandShape& x, const OperandShape& weight) {
  if (x.empty() || weight.size() != 2 || x.back() != weight[1]) return "";
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    if (__builtin_mul_overflow(rows, x[i], &rows)) return "";
  }
  return matrices_text(1, rows, weight[1], weight[0]);
}

std::string convolution_work(const OperandShape& input, const OperandShape& kernel) {
  if (input.size() < 3 || input.size() != kernel.size()) return "";
  return fmt::format("convolution of {} by {}", fmt::join(input, "×"), fmt::join(kernel, "×"));
}
}  // namespace

std::string_view without_shapes(std::string_view operation) { return operation.substr(0, operation.find(" [")); }

std::string_view types_behind(std::string_view operation) {
  const std::string_view behind = operation.substr(without_shapes(operation).size());
  const std::size_t end = behind.rfind("]] ");
  return end == std::string_view::npos ? std::string_view() : behind.substr(end + 3);
}

std::string operation_work(std::string_view operation) {
  std::string_view name = without_shapes(operation);
  if (name.size() == operation.size()) return "";
  const std::string_view behind = operation.substr(name.size());
  name = name.substr(0, name.find(" ("));
  // "jit(block)/bhqd,bhkd->bhqk/dot_general", of a device
  name = name.substr(name.rfind('/') + 1);
  const auto* product =
      std::find_if(kProducts.begin(), kProducts.end(), [&](const ProductOperation& one) { return one.name == name; });
  if (product == kProducts.end()) return "";
  const std::vector<OperandShape> shapes = operand_shapes(behind);
  if (shapes.size() <= std::max(product->first, product->second)) return "";
  const OperandShape &first = shapes[product->first], &second = shapes[product->second];
  switch (product->kind) {
    case ProductKind::matrices:
      return matrices_work(first, second);
    case ProductKind::linear:
      return linear_work(first, second);
    case ProductKind::convolution:
      return convolution_work(first, second);
  }
  return "";
}

}  // namespace varve
