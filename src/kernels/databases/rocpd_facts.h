#pragma once
#include "kernels/databases/trace_database.h"

namespace varve {

// How the names of the tables end, one for each recording in a database of rocprofv3; none when it is no such database.
std::vector<std::string> rocpd_suffixes(const TraceDatabase& database);

// What one recording says of the machine and of its process, told to the sink: GPUs, CPU, kernel; of the environment,
// which it carries whole, the settings only. `recordings`: how many there are in the file; of several no rank is told.
void tell_rocpd_facts(TraceDatabase& database, const std::string& suffix, std::size_t recordings, TraceSink& sink);

// The text of a range that the program marked: "message" of the object that its event carries; empty without one.
std::string rocpd_message(const std::string& event_data);

}  // namespace varve
