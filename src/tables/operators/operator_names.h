#pragma once
#include <optional>
#include <string>

#include "base/result.h"

namespace varve {

// What data/operators.json knows of a function on a stack.
struct FunctionRole {
  std::string operation;     // the operator of a framework that it executes: "aten::mm"; empty: of none
  std::string library_call;  // the same of a library below: "onednn.matmul"
  std::string routine;       // a routine that many libraries have under one name: "dgemm"
  bool whole = false;        // all that the operator calls is a part of it
  bool team = false;         // it hands tasks to the threads of a pool, or runs in one of them to take them
  bool program = false;      // of the program itself: in an executable that is no interpreter, and calls for a purpose
};

// `name` is demangled, `library` the path of its file. Slow: keep what it answers. Error: what is wrong with the table.
Result<FunctionRole> function_role(const std::string& name, const std::string& library);

}  // namespace varve
