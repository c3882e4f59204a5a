#include "harness/subject/grounds.h"

#include <filesystem>

#include "capture/capture_stack.h"
#include "capture/software/toolkits.h"
#include "harness/subject/container_image.h"
#include "harness/subject/file_digest.h"
#include "loading/binary_cache.h"
#include "model/answers/stack_components.h"

namespace varve {

namespace {
constexpr std::uint64_t kImageFileCap = std::uint64_t{64} << 30;

// A file that is no archive of an image (SIF) is known by its bytes alone.
void read_image(const std::string& path, bool is_folder, const World& world, ContainerImage& image) {
  std::error_code ignored;
  const bool is_layout = std::filesystem::exists(path + "/index.json", ignored);
  const bool is_root = is_folder || (std::filesystem::is_directory(path, ignored) && !is_layout);
  const CaptureOptions how{.kind = is_root ? SubjectKind::root : SubjectKind::image,
                           .path = path,
                           .handshake = false,
                           .cache_folder = user_cache_folder(world.environment)};
  const Result<Stack> stack = capture_stack(world, how);
  if (stack) {
    image.components = components_of(*stack);
    if (stack->image && stack->image->digest.is_known()) image.digest = value_text(*stack->image->digest.value);
    if (image.components.empty()) image.missing = "nothing of it has a version that is read";
    return;
  }
  image.missing = stack.error().found;
  if (std::filesystem::is_regular_file(path, ignored)) image.digest = file_digest(path, kImageFileCap);
}
}  // namespace

void record_grounds(const PlainSide& side, const World& world, Variant& document) {
  const std::string home = environment_value(world.environment, "HOME");
  document.toolkit = active_toolkit(world.files, side.variables, home);
  const std::optional<NamedImage> named = named_image(side.command);
  if (!named || named->argument >= document.command.size()) return;
  ContainerImage image;
  image.program = named->program;
  image.argument = static_cast<int>(named->argument);
  image.reference = document.command[named->argument];
  const ImagePlace place = place_of_image(*named, side.command[named->argument]);
  image.digest = place.digest;
  image.missing = place.why;
  if (!place.path.empty()) {
    const bool relative = !place.path.starts_with('/') && !side.directory.empty();
    read_image(relative ? side.directory + "/" + place.path : place.path, named->is_folder, world, image);
  }
  document.image = std::move(image);
}

}  // namespace varve
