#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/finding.h"
#include "model/stack.h"
#include "report/stack_tables.h"
#include "report/text_table.h"

namespace varve {

// Foreign text that stays text in Markdown: no mark of Markdown and no HTML in it works.
std::string escape_markdown(const std::string& text);

// Pieces that several text documents share.
std::string text_heading(const std::string& title, const TextStyle& style);               // preceded by an empty line
std::string text_findings(const std::vector<Finding>& findings, const TextStyle& style);  // empty when there are none
std::string text_facts(const Stack& stack, const TextStyle& style);                       // the facts by layer
std::string text_changes(const std::vector<FactChange>& changes, const TextStyle& style);

// What is in each bundle, frameworks first, with what came along; without `explain` the largest, and the rest counted.
std::string text_bundles(const std::vector<Bundle>& bundles, bool explain, const TextStyle& style);

// A table with its title and notes.
std::string text_part(const StackTable& table, const TextStyle& style);

}  // namespace varve
