#pragma once
#include <cstdint>
#include <string_view>

#include "disclosure/lines/spoken_machine.h"
#include "disclosure/people/spoken_products.h"

namespace varve {

// The clause of a sentence that tells what somebody has, where the others ask, deny or tell of what was tried: the
// first one, "I have a GTX 1650, …", or the last, "…, I'm running Ubuntu 22.04 on WSL2". Empty: there is none.
std::string_view own_clause(std::string_view sentence);

// The GPU on which the first person ran something ("I deployed a 7B model on the L40"), with how many. Its name is
// empty where the sentence tells of none, of two, or doubts it.
SpokenProduct own_run(std::string_view sentence);

// Without the tag that forms put before a title: "[Bug]: T4 does not work".
std::string_view without_title_tag(std::string_view title);

// "my PC does not see my RTX 3070", "why is my GTX 1650 not used?": the product right behind "my" is there, whatever
// the sentence denies or asks; not in one that supposes, or tells of what was or is to come.
void tell_possessed(std::string_view sentence, std::int64_t line, SpokenMachine& spoken);

// "我的显卡是3070ti": the GPU that somebody says in Chinese is theirs; not what they suppose, ask for or compare.
void tell_spoken_in_chinese(std::string_view text, std::int64_t line, SpokenMachine& spoken);

}  // namespace varve
