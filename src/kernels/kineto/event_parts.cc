#include "kernels/kineto/event_parts.h"

namespace varve {

void EventParts::clear() {
  parts.clear();
  foreign = countered = unclaimed = 0;
  saw_device = saw_claimed = false;
}

void EventParts::event(std::string_view object, std::uint64_t at) {
  KinetoKind kind = kinds_.kind(object);
  if (kind == KinetoKind::on_mtia) kind = kind_on_mtia(object);
  if (kind == KinetoKind::label) return;
  if (kind == KinetoKind::other) return void(unclaimed += saw_claimed ? 0 : 1);
  saw_claimed = true;
  if (kind == KinetoKind::unused) return;
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
