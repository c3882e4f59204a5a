#include "cmd/check_proofs.h"

#include <set>

#include "driver/jit_proof.h"

namespace varve {

namespace {
Error cannot_prove(const std::string& found, const std::string& hint) {
  return {"having PTX compiled", "--prove-jit", found, hint};
}

std::string with_home(const World& world, const std::string& path) {
  return path.starts_with("~/") ? environment_value(world.environment, "HOME") + path.substr(1) : path;
}

// The compiler that the driver would load. Paths of a supposed driver stand below its folder.
std::string compiler_of(const World& world, const Stack& machine, const std::string& driver_folder) {
  std::string path;
  for (const DriverFile& file : machine.driver_files) {
    if (file.library != "libnvidia-ptxjitcompiler" || file.role != DriverFileRole::driver) continue;
    if (path.empty() || file.loaded_first) path = file.path;
  }
  if (path.empty()) return "";
  return driver_folder.empty() ? with_home(world, path) : driver_folder + path;
}

std::vector<std::string> files_with_code(const World& world, const Stack& subject) {
  std::vector<std::string> paths;
  for (const Binary& binary : subject.binaries) {
    if (binary.coverage) paths.push_back(with_home(world, binary.path));
  }
  return paths;
}
}  // namespace

Status add_proofs(const World& world, const Situation& situation, const std::string& driver_folder,
                  const std::function<void(const std::string& what, double share)>& progress, Check& check) {
  const std::string& subject = situation.subject.subject;
  if (subject.starts_with("image ") || subject.starts_with("root ")) {
    return cannot_prove("files inside an image or a foreign root are not taken out", "Unpack it and give the binaries");
  }
  std::set<ComputeCapability> gpus;
  for (const Gpu& gpu : situation.gpus) {
    if (gpu.capability) gpus.insert(*gpu.capability);
  }
  if (gpus.empty()) return cannot_prove("no GPU is known to compile for", "Name one: --gpu \"L40S\" or --gpu 8.9");
  const std::string compiler = compiler_of(world, situation.machine, driver_folder);
  if (compiler.empty()) {
    return cannot_prove("no libnvidia-ptxjitcompiler was found: it comes with the driver",
                        "Give the folder of a driver's files with --driver-root");
  }
  for (const ComputeCapability gpu : gpus) {
    Result<JitProofs> proofs =
        prove_jit(world.files, files_with_code(world, situation.subject), gpu, compiler, {}, progress);
    if (!proofs) return proofs.error();
    if (proofs->proofs.empty() && proofs->left == 0) {
      proofs->remarks.push_back("nothing would have to be compiled for " + to_string(gpu));
    }
    for (JitProof& proof : proofs->proofs) check.proofs.push_back(std::move(proof));
    if (proofs->left > 0)
      proofs->remarks.push_back(std::to_string(proofs->left) + " texts were left: a limit was reached");
    for (std::string& remark : proofs->remarks) check.advice.push_back("--prove-jit: " + remark);
  }
  return Done{};
}

}  // namespace varve
