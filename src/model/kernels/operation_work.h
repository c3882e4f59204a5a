#pragma once
#include <string>
#include <string_view>

namespace varve {

// What an operation computes, in the same words whichever framework calls it: "512×256 · 256×768" of
// "aten::mm [[512,256],[256,768]]" and of JAX's "dot_general (fusion) [[512,256],[256,768]]", with the batch before it
// ("8 of 256×64 · 64×256") and up to transposition; "convolution of 8×3×224×224 by 64×3×7×7". Only of operations that
// compute themselves, and not of those that call them (aten::matmul). Empty: it is no such product, or the shapes do
// not tell.
std::string operation_work(std::string_view operation);

// The operation without the shapes behind it: "aten::mm".
std::string_view without_shapes(std::string_view operation);
// What stands behind the shapes: the types of its floating operands, where they are not fp32 alone. "bf16" of
// "aten::mm [[8,64],[64,8]] bf16"; empty: fp32, or not told.
std::string_view types_behind(std::string_view operation);

}  // namespace varve
