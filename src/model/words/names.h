#pragma once
#include <optional>
#include <string_view>

#include "model/comparison.h"

namespace varve {

// The enumerations read back from documents; nothing for a word that is not in the table (names.cc).
std::optional<Severity> severity_from(std::string_view text);
std::optional<Mender> mender_from(std::string_view text);
std::optional<FindingSubject::Kind> finding_subject_from(std::string_view text);
std::optional<FaultCategory> fault_category_from(std::string_view text);
std::optional<UnitRole> unit_role_from(std::string_view text);
std::optional<WarmupRule> warmup_rule_from(std::string_view text);
std::optional<Mark> mark_from(std::string_view text);
std::optional<Better> better_from(std::string_view text);
std::optional<Combined> combined_from(std::string_view text);
std::optional<Speed> speed_from(std::string_view text);
std::optional<Control> control_from(std::string_view text);
std::optional<ItemState> item_state_from(std::string_view text);
std::optional<KernelState> kernel_state_from(std::string_view text);

}  // namespace varve
