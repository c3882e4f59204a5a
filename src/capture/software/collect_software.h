#pragma once
#include "capture/subject/collector.h"

namespace varve {

void collect_files(const Subject& subject, Stack& stack);
void collect_process_binaries(const Subject& subject, Stack& stack);
void collect_toolkit_binaries(const Subject& subject, Stack& stack);
// What the files that were asked about and the process would load; only where whole sections are read.
void collect_consumers(const Subject& subject, Stack& stack);
void collect_environments(const Subject& subject, Stack& stack);
void collect_toolkits(const Subject& subject, Stack& stack);
void collect_gpu_packages(const Subject& subject, Facts& facts);

}  // namespace varve
