#pragma once
#include "capture/subject/collector.h"

namespace varve {

void collect_os(const Subject& subject, Facts& facts);
void collect_c_library(const Subject& subject, Facts& facts);
void collect_host_compiler(const Subject& subject, Facts& facts);  // os.gcc
void collect_kernel_tuning(const Subject& subject, Facts& facts);
void collect_scheduler(const Subject& subject, Facts& facts);
void collect_affinity(const Subject& subject, Facts& facts);
void collect_cgroup(const Subject& subject, Facts& facts);
void collect_container(const Subject& subject, Facts& facts);
void collect_container_engines(const Subject& subject, Facts& facts);
void collect_container_runtime(const Subject& subject, Facts& facts);

}  // namespace varve
