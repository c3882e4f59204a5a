#pragma once
#include "capture/subject/subject.h"

namespace varve {

// An image as a subject: its merged layers as files, its configuration as the environment. Libraries in compressed
// layers are read while they stream by.
Result<Subject> image_subject(const World& world, const CaptureOptions& options);

}  // namespace varve
