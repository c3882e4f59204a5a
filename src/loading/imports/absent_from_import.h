#pragma once
#include "loading/consumer_loading.h"
#include "loading/imports/environment_ground.h"

namespace varve {

// Modules that the import compiles: without a toolkit it fails. torch looks for one in CUDA_HOME, CUDA_PATH, on PATH
// and in /usr/local/cuda (_find_cuda_home of torch/utils/cpp_extension.py). Adds them to the consumer.
void note_uncompiled(const EnvironmentGround& here, const PackageStart& start, Consumer& consumer);

// What the import wants of the package's own files, and the package lists, and is not there or is there no more: cut
// short.
void note_absent_files(EnvironmentGround& here, ConsumerLoading& loading, const Package& package,
                       const ImportedPackage& imported);

// The same of a package that has no library left, where nothing of it can be loaded.
void note_lost_files(const EnvironmentGround& here, const Package& package, const ImportedPackage& imported,
                     Consumer& consumer);

// The CUDA runtime, where the import asks cuda-bindings for its version and cuda-pathfinder would find none: neither in
// a wheel nor where the loader looks, nor in a conda environment or toolkit that a variable names.
void note_absent_runtime(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

// Modules that the import wants, or tries where nothing of the package is for this Python, and that are there for
// others alone (a wheel that was installed by hand).
void note_foreign_modules(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

// The same of what is there for another machine (a wheel for aarch64 in a venv of x86-64), and all of it where nothing
// of the package is for this one.
void note_files_for_others(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

}  // namespace varve
