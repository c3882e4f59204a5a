#pragma once
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve {

// The commit that is checked out in the repository that `folder` stands in, and how many tracked files are not its:
// as git says. Where there is no git, no repository or no answer within ten seconds, `missing` says so.
WorkloadSource workload_source(const std::string& folder, const std::string& home);

// Digests of files that a plan names as inputs; of a folder, its files, sorted, 64 at most, and not those in folders of
// it. Files above 1 GiB are not hashed.
std::vector<NamedFile> hash_inputs(const std::vector<std::string>& paths, const std::string& home);

}  // namespace varve
