#pragma once
#include "model/json/json_fields.h"
#include "model/stack.h"

namespace varve {

// JSON of the parts of a stack, and back; what is wrong is reported through the fields.
Json binary_to_json(const Binary& binary);
Binary binary_from(const Fields& fields);
Json coverage_to_json(const Coverage& coverage);
// Nothing when it is not one: for what is no document of its own (a cache).
std::optional<Coverage> coverage_from_json(const Json& json);
Json fact_to_json(const Fact& fact);
std::optional<Fact> fact_from_json(const Json& json);
Json environment_to_json(const Environment& environment);
Environment environment_from(const Fields& fields);
Json driver_file_to_json(const DriverFile& file);
DriverFile driver_file_from(const Fields& fields);
Json toolkit_to_json(const Toolkit& toolkit);
Toolkit toolkit_from(const Fields& fields);
Json image_to_json(const Image& image);
Image image_from(const Fields& fields);
Json handshake_to_json(const HandshakeStep& step);
HandshakeStep handshake_from(const Fields& fields);
Json consumer_to_json(const Consumer& consumer);
Consumer consumer_from(const Fields& fields);
Json gpu_to_json(const Gpu& gpu);
Gpu gpu_from(const Fields& fields);
Json gpu_process_to_json(const GpuProcess& process);
GpuProcess gpu_process_from(const Fields& fields);

}  // namespace varve
