#include "stack/gpu_products.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/embedded.h"
#include "base/json.h"
#include "base/text.h"

namespace varve {

namespace {
struct Product {
  std::vector<std::string> words;  // "geforce", "rtx", "4090", "ti"
  std::vector<std::string> pci_ids;
  ComputeCapability capability;
};

struct Range {
  std::int64_t first = 0, last = 0;
  ComputeCapability capability;
};

struct Table {
  std::vector<Product> products;
  std::vector<Range> ranges;
};

// Words of letters and digits in lower case: "GeForce RTX 4090 D" and "geforce-rtx-4090-d" are the same.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : to_lower(name)) {
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (part) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Table read_table() {
  const Json json = Json::parse(embedded_file("data/gpu_products.json"));
  Table table;
  for (const Json& row : json.at("products")) {
    const auto capability = compute_capability_from(row.at("compute_capability").get<std::string>());
    table.products.push_back({.words = words_of(row.at("product").get<std::string>()),
                              .pci_ids = row.value("pci_ids", std::vector<std::string>{}),
                              .capability = capability.value_or(ComputeCapability{})});
  }
  for (const Json& row : json.at("ranges")) {
    const auto capability = compute_capability_from(row.at("compute_capability").get<std::string>());
    table.ranges.push_back({.first = parse_integer(row.at("first").get<std::string>(), 16).value_or(0),
                            .last = parse_integer(row.at("last").get<std::string>(), 16).value_or(0),
                            .capability = capability.value_or(ComputeCapability{})});
  }
  return table;
}

const Table& table() {
  static const Table table = read_table();
  return table;
}

// Whether all words of the product stand in the name one after another, others between them allowed.
bool contains_words(const std::vector<std::string>& name, const std::vector<std::string>& product) {
  std::size_t next = 0;
  for (const std::string& word : name) {
    if (next < product.size() && word == product[next]) ++next;
  }
  return next == product.size();
}

// "GB10 (DGX Spark)" is asked for as "GB10"; only names of one word may be the start of a row.
bool names_product(const std::vector<std::string>& name, const Product& product) {
  return contains_words(name, product.words) || (name.size() == 1 && name.front() == product.words.front() &&
                                                 name.front().find_first_of("0123456789") != std::string::npos);
}
}  // namespace

std::optional<ComputeCapability> capability_of_product(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  const Product* best = nullptr;
  for (const Product& product : table().products) {
    if (product.words.empty() || !names_product(words, product)) continue;
    if (best == nullptr || product.words.size() > best->words.size()) best = &product;
  }
  return best == nullptr ? std::nullopt : std::optional(best->capability);
}

std::optional<ComputeCapability> capability_of_pci_device(std::string_view device) {
  const std::string id = to_lower(device);
  for (const Product& product : table().products) {
    for (const std::string& known : product.pci_ids) {
      if (known == id) return product.capability;
    }
  }
  const std::optional<std::int64_t> number = parse_integer(id, 16);
  for (const Range& range : table().ranges) {
    if (number && *number >= range.first && *number <= range.last) return range.capability;
  }
  return std::nullopt;
}

std::optional<ComputeCapability> capability_of_gpu(std::string_view text) {
  const auto capability = compute_capability_from(text);
  return capability ? capability : capability_of_product(text);
}

}  // namespace varve
