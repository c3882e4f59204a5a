#pragma once
#include "loading/consumer_loading.h"
#include "loading/imports/environment_ground.h"

namespace varve {

// Modules that the import compiles: without a toolkit it fails. torch looks for one in CUDA_HOME, CUDA_PATH, on PATH
// and in /usr/local/cuda (_find_cuda_home of torch/utils/cpp_extension.py). Adds them to the consumer.
void note_uncompiled(const EnvironmentGround& here, const PackageStart& start, Consumer& consumer);

// What the import wants of the package's own files, and the package lists, and is not there.
void note_absent_files(EnvironmentGround& here, ConsumerLoading& loading, const Package& package,
                       const ImportedPackage& imported);

// The CUDA runtime, where the import asks cuda-bindings for its version and cuda-pathfinder would find none: neither in
// a wheel nor where the loader looks, nor in a conda environment or toolkit that a variable names.
void note_absent_runtime(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

// Modules that the import wants and that are there for other Pythons alone (a wheel that was installed by hand).
void note_foreign_modules(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

}  // namespace varve
