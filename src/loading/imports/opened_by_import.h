#pragma once
#include <string>

#include "loading/consumer_loading.h"
#include "loading/imports/environment_ground.h"

namespace varve {

// What the import of a package opens, in the order in which `follow` of package_consumers.cc asks for it.

// Modules of other packages that the import imports at once (gpu4pyscf those of CuPy for cuSOLVER).
void open_imported_modules(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported);

// What the import opens and imports at once fails it. Of other modules: where some load and others lack a library, the
// package offers what not every machine has (torchaudio's one module for each FFmpeg, CuPy's for cuTENSOR). `why`: of
// the rows.
void open_import(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& package,
                 const std::string& why);

// Libraries of CUDA that the import opens from Python and goes on without (nvidia-cudnn-frontend hands cuDNN to its
// module, whose first call then fails). Of several names of one library the first that is there.
void open_sought(ConsumerLoading& loading, const ImportedPackage& imported);

// What is no module. A library that the import opens by a name that is made up fails it, unless another one that it may
// open instead loads (bitsandbytes has one for each CUDA); a part of it is none (parakeet's libggml-base).
void open_others(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& package);

// Names that no file holds are opened by what opens libcuda, the framework's core before what extends it.
void open_made_up(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported,
                  const Package& package);

// What modules of bindings open through cuda-pathfinder. Of no name that is there, that of the CUDA which the
// environment's bindings are of is missed.
void open_bound(const EnvironmentGround& here, ConsumerLoading& loading, const Package& package,
                const ImportedPackage& imported);

}  // namespace varve
