#pragma once
#include <string>

#include "loading/binary_cache.h"
#include "loading/loading_ground.h"
#include "package/environments.h"
#include "world/file_reader.h"

namespace varve {

// Whether a library carries GPU code of CUDA or asks for a library of CUDA, libcuda included: by its headers, else by
// the names that it opens late, whatever the depth of the capture, so that every capture has the same packages. `path`
// with links resolved.
bool uses_cuda(const LoadingGround& ground, const std::string& path);
// The same by its headers alone: for programs of a whole system, of which thousands are looked at.
bool links_cuda(const LoadingGround& ground, const std::string& path);
// The same of a file that is open already.
bool uses_cuda(const FileReader& file, const std::string& path, const BinaryCache& cache);
bool links_cuda(const FileReader& file, const std::string& path);

// Takes those of the reading's candidates away that have no library that uses CUDA; their libraries become its others.
void drop_candidates_without_cuda(const LoadingGround& ground, EnvironmentReading& reading);

}  // namespace varve
