#pragma once
#include <string>
#include <vector>

#include "model/stack.h"
#include "report/text_table.h"

namespace varve {

// A part of a stack as a table, whatever it is shown in.
struct StackTable {
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::vector<Cell> notes;  // sentences below it
};

// What a stack holds beside its facts, part by part; parts without rows are left out.
std::vector<StackTable> stack_tables(const Stack& stack);

// Which GPUs the code in the binaries serves: one column for each GPU that is asked about. Where the stack knows what
// the driver's compiler accepts, newer PTX counts as not served.
StackTable coverage_table(const Stack& stack, const std::vector<ComputeCapability>& gpus);

// The processes of the host that hold a CUDA driver or runtime, and what could not be seen.
StackTable process_table(const Stack& stack);

}  // namespace varve
