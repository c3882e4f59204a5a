#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/run_record.h"

namespace varve {

// The text that belongs beside a number when it is published: what was measured, the number with its interval, the
// hardware, driver and runtime pair, framework, kernel libraries, settings, kernels that ran, protocol, digests. Of a
// run of two variants with their comparison; nullptr: of one, or of two that cannot be compared. What is not known is
// said to be so. Every line is one line of plain text.
std::vector<CardLine> make_card(const Run& run, const Comparison* comparison);

// "tokens/s: median 812, 95 % interval of the mean 800 to 824 (10 units, spread 2.1 %)" of the primary metric.
std::string interval_of_units(const Run& run, const Variant& variant);

// The lines that stand under every answer of varve run: hardware, driver and runtime, software, kernels, stack.
std::vector<CardLine> short_card(const std::vector<CardLine>& card);

// The card as a text, as Markdown, and as a picture that stands alone (SVG with its own colours, light and dark).
std::string text_card(const std::vector<CardLine>& card);
std::string markdown_card(const std::vector<CardLine>& card);
std::string svg_card(const std::vector<CardLine>& card);

}  // namespace varve
