#pragma once
#include "capture/subject/collector.h"

namespace varve {

void collect_cpu(const Subject& subject, Facts& facts);
void collect_cpu_cache(const Subject& subject, Facts& facts);
void collect_cpu_frequency(const Subject& subject, Facts& facts);
void collect_memory(const Subject& subject, Facts& facts);
void collect_numa(const Subject& subject, Facts& facts);
void collect_machine(const Subject& subject, Facts& facts);
void collect_hypervisor(const Subject& subject, Facts& facts);
void collect_rdma(const Subject& subject, Facts& facts);

}  // namespace varve
