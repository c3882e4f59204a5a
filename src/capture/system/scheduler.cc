#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
struct SchedulerSign {
  std::string_view mark, kind;
};
// What a scheduler sets in each of its jobs: slurm's sbatch(1), PBS's qsub(1), LSF's bsub(1), Flux's
// flux-environment(7), Grid Engine's qsub(1), Kubernetes' service variables.
constexpr SchedulerSign kSchedulerVariables[] = {
    {"SLURM_JOB_ID", "slurm"}, {"PBS_JOBID", "pbs"},           {"LSB_JOBID", "lsf"},
    {"FLUX_JOB_ID", "flux"},   {"SGE_TASK_ID", "grid engine"}, {"KUBERNETES_SERVICE_HOST", "kubernetes"},
    {"RAY_JOB_ID", "ray"}};
}  // namespace

// The job's number is an identifier and stays out; what it was given stands among the settings (SLURM_*).
void collect_scheduler(const Subject& subject, Facts& facts) {
  Fact& fact = facts["container.scheduler"];
  for (const SchedulerSign& sign : kSchedulerVariables) {
    if (!subject.environment.contains(std::string(sign.mark))) continue;
    fact = known_fact(std::string(sign.kind), "environment: " + std::string(sign.mark), Standing::inferred);
    return;
  }
  fact = known_fact("none", "environment", Standing::inferred);
}

}  // namespace varve
