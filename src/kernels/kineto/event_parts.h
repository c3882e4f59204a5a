#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/kineto/event_pieces.h"
#include "kernels/kineto/event_reader.h"
#include "kernels/kineto/kineto_event.h"

namespace varve {

// Takes events apart, of a whole trace or of a piece of it, without knowing what stands in front of them.
class EventParts final : public EventPiece {
 public:
  // `device_only`: events of the host are no parts.
  explicit EventParts(bool device_only) : device_only_(device_only) {}

  // An event that is told on, with its fields, which are parts of the text.
  struct Part {
    std::uint64_t at = 0;
    KinetoKind kind = KinetoKind::other;
    bool is_whole = true;  // false: its fields could not be read to their end
    KinetoEvent event;

    bool has_time() const { return is_whole || event.duration_ns; }
  };
  std::vector<Part> parts;
  // Of the others. Events of categories that are not Kineto's are counted in front of the first that is of one.
  std::uint64_t foreign = 0, countered = 0, unclaimed = 0;
  bool saw_device = false, saw_claimed = false;

  void clear() override;
  void event(std::string_view object, std::uint64_t at) override;

 private:
  const bool device_only_;
  KindTeller kinds_;
  KinetoEventReader reader_;
};

}  // namespace varve
