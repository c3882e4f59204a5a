#pragma once
#include <string_view>

#include "disclosure/lines/spoken_machine.h"
#include "disclosure/lines/text_line.h"

namespace varve {

// GPUs, a driver's number and releases of packages that a sentence names without a word on whose they are:
//   Kaggle notebook, GPU P100.        ollama 0.12.3 on Debian 12, GTX 760, driver 470.256.02
// with whether the sentence doubts that they are of the machine: it supposes, asks, compares, tells of others. What
// counts of them is settled when the text has ended (spoken_machine.cc).
void note_in_passing(std::string_view sentence, const TextLine& line, SpokenMachine& spoken);

}  // namespace varve
