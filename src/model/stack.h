#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/binary.h"
#include "model/consumer.h"
#include "model/driver_file.h"
#include "model/environment.h"
#include "model/fact.h"
#include "model/gpu.h"
#include "model/gpu_process.h"
#include "model/handshake_record.h"
#include "model/image_record.h"
#include "model/toolkit_record.h"

namespace varve {

// A shared object or program as a process had it mapped.
struct Library {
  std::string path;              // as the kernel names it, home directories shortened to ~
  std::string build_id;          // GNU build id in hexadecimal; empty when the file has none or could not be read
  std::string build_id_missing;  // why there is no build id, "" when there is one
  bool deleted = false;          // the file was replaced or removed while mapped
  bool replaced = false;         // deleted, and another file stands under its name now

  bool operator==(const Library&) const = default;
};

// Everything under a run, as found at one moment.
struct Stack {
  std::string captured_at;            // RFC 3339, UTC
  std::string tool_version;           // of the Varve that looked
  std::string subject = "host";       // "host", "process 1234", "root DIR", "image FILE", "environment DIR", "files"
  bool exact = false;                 // whole sections were read: CaptureOptions::exact
  std::map<std::string, Fact> facts;  // by id
  std::vector<Gpu> gpus;              // by address; the facts that list them are made from these
  std::vector<Library> libraries;     // mapped by the process, when the subject is one; sorted by path
  std::vector<DriverFile> driver_files;
  std::vector<Toolkit> toolkits;
  std::vector<Environment> environments;
  std::vector<Binary> binaries;     // of toolkits, environments and the process; or the files that were asked about
  std::vector<Consumer> consumers;  // what would use them; filled when whole sections were read
  std::optional<Image> image;
  std::vector<HandshakeStep> handshake;
  std::vector<GpuProcess> processes;  // of the host, when they were asked for
};

// SHA-256, as 64 hexadecimal digits, over the RFC 8785 form of the facts whose schema row says x-identity: their ids
// with the value or, where it is missing, the reason. Two captures of an unchanged machine give the same digest.
std::string stack_digest(const Stack& stack);

// A fact that is not the same in two stacks.
struct FactChange {
  std::string id;
  Fact before, after;
};

// Facts marked x-identity or x-control that differ, in catalogue order. A fact that is missing on both sides for the
// same reason has not changed; one that is missing on one side has.
std::vector<FactChange> changed_facts(const Stack& before, const Stack& after);

}  // namespace varve
