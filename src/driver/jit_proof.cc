#include "driver/jit_proof.h"

#include <fmt/format.h>

#include <chrono>
#include <map>

#include "base/hash.h"
#include "binary/gpu_code/ptx_entries.h"
#include "driver/jit_compiler.h"

namespace varve {

namespace {
constexpr std::size_t kMostLogShown = 600;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string entry_words(const PtxEntry& entry) {
  const std::string member = entry.member.empty() ? "" : entry.member + ", ";
  return fmt::format("{}, {}region {}", to_string(entry.target), member, entry.region);
}

class Prover {
 public:
  Prover(ComputeCapability gpu, std::string compiler, const JitProofLimits& limits)
      : gpu_(gpu), compiler_(std::move(compiler)), limits_(limits), start_(seconds_now()) {}

  void look_into(const Files& files, const std::string& path);
  JitProofs& result() { return result_; }

 private:
  bool at_limit() const {
    return static_cast<std::int64_t>(compiled_.size()) >= limits_.texts || seconds_now() - start_ >= limits_.seconds;
  }
  void prove(const std::string& path, const PtxEntry& entry);
  JitProof compile(const PtxEntry& entry, const std::string& gpu_name) const;

  ComputeCapability gpu_;
  std::string compiler_;
  const JitProofLimits& limits_;
  double start_;
  JitProofs result_;
  std::map<std::string, JitProof> compiled_;  // by the digest of the text and the name of the GPU
};

JitProof Prover::compile(const PtxEntry& entry, const std::string& gpu_name) const {
  JitProof proof{.path = {}, .entry = {}, .gpu = gpu_name, .compiled = false, .log = {}, .seconds = 0};
  const ProbeLimits limits{.seconds = limits_.seconds_each, .leave_machine_alone = true};
  const Result<PtxCompilation> made = compile_ptx(compiler_, entry.text, gpu_name, limits);
  if (!made) {
    proof.log = made.error().found;
    return proof;
  }
  proof.compiled = made->ok;
  proof.seconds = made->seconds;
  if (!made->ok) {
    proof.log =
        made->log.empty() ? fmt::format("the compiler answered {}", made->code) : made->log.substr(0, kMostLogShown);
  }
  return proof;
}

void Prover::prove(const std::string& path, const PtxEntry& entry) {
  const std::string gpu_name = gpu_name_for(entry.target, gpu_);
  const std::string key = gpu_name + " " + sha256_hex(entry.text);
  auto known = compiled_.find(key);
  if (known == compiled_.end()) {
    if (at_limit()) {
      ++result_.left;
      return;
    }
    known = compiled_.emplace(key, compile(entry, gpu_name)).first;
    result_.seconds += known->second.seconds;
  } else {
    known->second.seconds = 0;  // once is enough, and the driver's cache does the same
  }
  JitProof proof = known->second;
  proof.path = path;
  proof.entry = entry_words(entry);
  result_.proofs.push_back(std::move(proof));
}

void Prover::look_into(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(path);
  if (!file) {
    result_.remarks.push_back(fmt::format("{}: {}", path, file.detail.empty() ? "cannot be opened" : file.detail));
    return;
  }
  ++result_.files;
  const PtxLimits limits{.text_bytes = limits_.text_bytes};
  const auto walk = walk_ptx(*file, path, gpu_, PtxChoice::needed, limits, [&](const PtxEntry& entry) {
    prove(path, entry);
    return true;
  });
  if (!walk) {
    result_.remarks.push_back(fmt::format("{}: {}", path, walk.error().found));
  } else if (walk->not_read > 0) {
    result_.remarks.push_back(fmt::format("{}: {} PTX texts could not be taken out of it", path, walk->not_read));
  }
}

// A compiler that is not there fails at the first text; better to say so at once.
Status ask_once(const std::string& compiler, const JitProofLimits& limits) {
  const ProbeLimits probe{.seconds = limits.seconds_each, .leave_machine_alone = true};
  const auto answer = compile_ptx(compiler, ".version 6.0\n.target sm_50\n.address_size 64\n", "sm_80", probe);
  if (!answer) return answer.error();
  return Done{};
}
}  // namespace

Result<JitProofs> prove_jit(const Files& files, const std::vector<std::string>& paths, ComputeCapability gpu,
                            const std::string& compiler, const JitProofLimits& limits,
                            const std::function<void(const std::string& what, double share)>& progress) {
  if (const Status there = ask_once(compiler, limits); !there) return there.error();
  Prover prover(gpu, compiler, limits);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (progress) progress("compiling PTX of " + paths[i], static_cast<double>(i) / static_cast<double>(paths.size()));
    prover.look_into(files, paths[i]);
  }
  return std::move(prover.result());
}

}  // namespace varve
