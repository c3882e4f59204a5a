#include "compare/traces/launch_code.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace varve {

namespace {
using Size = std::array<std::uint32_t, 3>;

bool is_known(const Size& size) { return size != Size{}; }
bool other(std::uint32_t a, std::uint32_t b) { return a != b && a != 0 && b != 0; }
bool other(const Size& a, const Size& b) { return a != b && is_known(a) && is_known(b); }

std::string size_text(const Size& size) {
  if (size[2] > 1) return fmt::format("{}×{}×{}", size[0], size[1], size[2]);
  return size[1] > 1 ? fmt::format("{}×{}", size[0], size[1]) : fmt::format("{}", size[0]);
}
}  // namespace

CodePair code_of(const Launch& a, const Launch& b, const LaunchedName& name) {
  CodePair code;
  if (other(a.registers, b.registers)) code.a.registers = a.registers, code.b.registers = b.registers;
  if (!name.is_compiled) return code;
  if (other(a.block, b.block)) code.a.block = a.block, code.b.block = b.block;
  // A launch that tells its block tells its shared memory too: none is then a size like any other.
  if (a.shared_bytes != b.shared_bytes && is_known(a.block) && is_known(b.block)) {
    code.a.shared_bytes = a.shared_bytes, code.b.shared_bytes = b.shared_bytes;
  }
  if (name.same_shapes && other(a.grid, b.grid)) code.a.grid = a.grid, code.b.grid = b.grid;
  return code;
}

Exchange exchange_of(const Launch& a, const Launch& b, const LaunchedName& name) {
  if (a == Launch{} || b == Launch{} || a == b) return Exchange::same;
  const CodePair code = code_of(a, b, name);
  return code.a == code.b ? Exchange::other_launch : Exchange::other_code;
}

std::string code_detail(const Launch& a, const Launch& b) {
  std::vector<std::string> texts;
  if (a.registers != b.registers) texts.push_back(fmt::format("registers {} → {}", a.registers, b.registers));
  if (a.block != b.block) texts.push_back(fmt::format("block {} → {}", size_text(a.block), size_text(b.block)));
  if (a.shared_bytes != b.shared_bytes) {
    texts.push_back(fmt::format("shared memory {} → {} B", a.shared_bytes, b.shared_bytes));
  }
  if (a.grid != b.grid) texts.push_back(fmt::format("grid {} → {}", size_text(a.grid), size_text(b.grid)));
  return join(texts, ", ");
}

}  // namespace varve
