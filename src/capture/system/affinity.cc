#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

void collect_affinity(const Subject& subject, Facts& facts) {
  const std::string path = subject.proc + "/status";
  const std::string source = path + ": Cpus_allowed_list";
  Fact& fact = facts["process.affinity"];
  const Looked<std::string> status = subject.world.files.read(path);
  if (!status) {
    fact = missing_because(status, source);
    return;
  }
  const auto cpus = find_field(*status, "Cpus_allowed_list");
  fact = cpus ? known_fact(clean_utf8(*cpus), source)
              : missing_fact(Missing::absent, source, "this kernel does not state it");
}

}  // namespace varve
