#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kernels/formats/xplane_plane.h"

namespace varve {

// The programs that XLA compiled, which an XSpace carries beside what ran ("/host:metadata": an HloProto each), so that
// an instruction that ran has an operation and shapes. Their schema is xla/service/hlo.proto and xla/xla_data.proto in
// openxla/xla; numbers of fields as they stand there:
//
//   HloProto 1 module;  HloModuleProto 1 name, 3 computations;  HloComputationProto 2 instructions, 5 id
//   HloInstructionProto 1 name, 2 opcode, 3 shape, 7 metadata (2 op_name), 16 convolution_dimension_numbers,
//     28 custom_call_target, 30 dot_dimension_numbers (1, 2 contracting, 3, 4 batch dimensions of the two), 35 id,
//     36 operand_ids, 38 called_computation_ids
//   ShapeProto 2 element_type, 3 dimensions
class HloPrograms {
 public:
  // One HloProto, whose bytes must live as long. It is taken apart when it is first asked for.
  void add(std::uint64_t program, XplaneBytes proto) { protos_.emplace(program, proto); }
  bool empty() const { return protos_.empty(); }

  // What an instruction does, named like an operation of a framework: "dot_general (ynn_fusion) [[512,256],[256,768]]".
  // The operands of the only product of matrices in it stand as batch, rows and columns, those of the only convolution
  // as batch, features and space; of anything else they stand as they are. Other types than fp32 follow: "… bf16".
  // Empty: the program or the instruction is not known. Holds as long as this object.
  const std::string& operation(std::uint64_t program, std::string_view instruction);

 private:
  using Operations = std::unordered_map<std::string, std::string>;  // by the instruction's name

  std::map<std::uint64_t, XplaneBytes> protos_;
  std::map<std::uint64_t, Operations> taken_;
};

}  // namespace varve
