#include "kernels/kineto/event_parts.h"

namespace varve {

namespace {
// Names of processes and threads, which every program that shares the format writes in one way.
bool is_label(std::string_view object) { return object.find("\"M\"") != object.npos; }
}  // namespace

void EventParts::clear() {
  parts.clear();
  foreign = countered = unclaimed = 0;
  saw_device = saw_claimed = false;
}

void EventParts::event(std::string_view object, std::uint64_t at) {
  KinetoKind kind = kinds_.kind(object);
  if (kind == KinetoKind::on_mtia) kind = kind_on_mtia(object);
  if (kind == KinetoKind::other) {
    if (!saw_claimed && !is_label(object)) ++unclaimed;
    return;
  }
  saw_claimed = true;
  if (kind == KinetoKind::foreign) return void(++foreign);
  saw_device = saw_device || !is_on_host(kind);
  if (kind == KinetoKind::countered) return void(++countered);
  if (kind == KinetoKind::device || (device_only_ && (is_on_host(kind) || kind == KinetoKind::call))) return;
  Part& part = parts.emplace_back();
  part.at = at;
  part.kind = kind;
  part.is_whole = reader_.read(object, part.event);
}

}  // namespace varve
