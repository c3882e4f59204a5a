#include "kernels/kineto/event_parts.h"

namespace varve {

void EventParts::clear() {
  parts.clear();
  foreign = countered = uncategorised = 0;
  saw_device = saw_time = false;
}

void EventParts::event(std::string_view object, std::uint64_t at) {
  KinetoKind kind = kinds_.kind(object);
  if (kind == KinetoKind::on_mtia) kind = kind_on_mtia(object);
  if (kind == KinetoKind::other) return;
  if (kind == KinetoKind::uncategorised) return void(uncategorised += saw_time ? 0 : 1);
  if (kind == KinetoKind::foreign) return void(++foreign);
  saw_device = saw_device || !is_on_host(kind);
  if (kind == KinetoKind::countered) return void(++countered);
  if (kind == KinetoKind::device || (device_only_ && (is_on_host(kind) || kind == KinetoKind::call))) return;
  Part& part = parts.emplace_back();
  part.at = at;
  part.kind = kind;
  part.is_whole = reader_.read(object, part.event);
  saw_time = saw_time || part.has_time();
}

}  // namespace varve
