#pragma once
#include "capture/subject/collector.h"

namespace varve {

void collect_gpus(const Subject& subject, Stack& stack);
void collect_gpu_driver(const Subject& subject, Facts& facts);
void collect_gpu_bus(const Subject& subject, Stack& stack);
void collect_gpu_management(const Subject& subject, Stack& stack);
void collect_device_access(const Subject& subject, Facts& facts);
void collect_kernel_log(const Subject& subject, Facts& facts);
void collect_kernel_module(const Subject& subject, Facts& facts);
void collect_kernel_releases(const Subject& subject, Facts& facts);
void collect_user_driver(const Subject& subject, Stack& stack);
void collect_handshake(const Subject& subject, Stack& stack);
void collect_gpu_processes(const Subject& subject, Stack& stack);

}  // namespace varve
