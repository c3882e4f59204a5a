#include "tables/gpu_products.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
struct Product {
  std::vector<std::string> words;  // "geforce", "rtx", "4090", "ti"
  std::vector<std::string> pci_ids;
  ComputeCapability capability;
  std::string kind;  // the class, as the table spells it
};

struct Range {
  std::int64_t first = 0, last = 0;
  ComputeCapability capability;
};

struct ProductTable {
  std::vector<Product> products;
  std::vector<Range> ranges;
  std::set<std::string, std::less<>> words;  // of all products, and those that stand beside their names
};

// Words beside a product's name that do not say which product it is.
constexpr std::string_view kBeside[] = {"nvidia", "nvgpu", "gpu",  "hgx",  "dgx",    "sxm",
                                        "sxm2",   "sxm4",  "sxm5", "pcie", "laptop", "mobile"};

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

// The words that a word was put together from without blanks, "rtx5090ti" from "rtx", "5090" and "ti": those of the
// table, the longest first. Nothing when they do not make up all of it.
std::optional<std::vector<std::string>> parts_of(std::string_view word, const ProductTable& table) {
  // From the end on: how long the part is that begins at a byte, where parts make up all that follows; else 0.
  std::vector<std::size_t> length_at(word.size() + 1, 0);
  for (std::size_t at = word.size(); at-- > 0;) {
    for (std::size_t length = word.size() - at; length > 0 && length_at[at] == 0; --length) {
      const bool completes = at + length == word.size() || length_at[at + length] != 0;
      if (completes && table.words.contains(word.substr(at, length))) length_at[at] = length;
    }
  }
  if (length_at[0] == 0) return std::nullopt;
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < word.size(); at += length_at[at]) parts.emplace_back(word.substr(at, length_at[at]));
  return parts;
}

// As words_of; a word that the table does not have is taken apart where that is possible.
std::vector<std::string> known_words_of(std::string_view name, const ProductTable& table) {
  constexpr std::size_t kLongest = 40;  // bytes of a word that is taken apart
  std::vector<std::string> words;
  for (std::string& word : words_of(name)) {
    const auto parts = word.size() <= kLongest ? parts_of(word, table) : std::nullopt;
    if (parts) {
      words.insert(words.end(), parts->begin(), parts->end());
    } else {
      words.push_back(std::move(word));
    }
  }
  return words;
}

Product product_from(const TableRow& row) {
  row.required("source");
  row.ignore({"named_by_driver"});
  return {.words = words_of(row.required("product")),
          .pci_ids = row.texts("pci_ids"),
          .capability = row.capability("compute_capability"),
          .kind = row.one_of("class", {"datacenter", "RTX pro", "GeForce", "TITAN", "Jetson", "desktop SoC"})};
}

Range range_from(const TableRow& row) {
  row.required("source");
  row.ignore({"chips"});
  return {.first = row.hexadecimal("first"),
          .last = row.hexadecimal("last"),
          .capability = row.capability("compute_capability")};
}

const Result<ProductTable>& product_table() {
  static const Result<ProductTable> products = []() -> Result<ProductTable> {
    ProductTable read;
    read.words.insert(std::begin(kBeside), std::end(kBeside));
    const auto date = read_table(chosen_tables(), "gpu_products", [&](const TableRow& table) {
      table.required_rows("products", [&](const TableRow& row) {
        read.products.push_back(product_from(row));
        const std::vector<std::string>& words = read.products.back().words;
        read.words.insert(words.begin(), words.end());
      });
      table.required_rows("ranges", [&](const TableRow& row) { read.ranges.push_back(range_from(row)); });
    });
    if (!date) return date.error();
    return read;
  }();
  return products;
}

const ProductTable& products() {
  static const ProductTable none;
  return product_table() ? *product_table() : none;
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

bool has_digit(const std::string& word) { return word.find_first_of("0123456789") != std::string::npos; }

// "80GB", "16g": how much memory it has, which is no part of a product's name.
bool is_memory_size(const std::string& word) {
  const std::size_t unit = word.find_first_not_of("0123456789");
  return unit != 0 && unit != std::string::npos && (word.substr(unit) == "gb" || word.substr(unit) == "g");
}

// A name without a number is that of a module or a chip: "Orin" is all of "Jetson AGX Orin", "Jetson Orin NX" … when
// they are alike. Of cards such a word names a whole line ("GeForce"), or a generation that is made of several chips.
const Product* find_module(const std::vector<std::string>& words) {
  const Product* found = nullptr;
  for (const Product& product : products().products) {
    if (!contains_words(product.words, words)) continue;
    const bool alike = found == nullptr || product.capability == found->capability;
    if (!alike || (product.kind != "Jetson" && product.kind != "desktop SoC")) return nullptr;
    found = &product;
  }
  return found;
}

// The shortest product that holds the name, which people cut: "RTX 5090" is "GeForce RTX 5090". nullptr: none, or
// several as short that differ.
const Product* find_longer_product(std::vector<std::string> words) {
  std::erase_if(words, [](const std::string& word) {
    return is_memory_size(word) || std::find(std::begin(kBeside), std::end(kBeside), word) != std::end(kBeside);
  });
  if (words.empty()) return nullptr;
  if (std::none_of(words.begin(), words.end(), has_digit)) return find_module(words);
  const Product* best = nullptr;
  bool differ = false;
  for (const Product& product : products().products) {
    if (!contains_words(product.words, words)) continue;
    if (best != nullptr && product.words.size() > best->words.size()) continue;
    differ = best != nullptr && product.words.size() == best->words.size() && product.capability != best->capability;
    best = &product;
  }
  return differ ? nullptr : best;
}

// The longest product that the name holds, else one that holds the name; nullptr: none.
const Product* find_product(std::string_view name) {
  const std::vector<std::string> words = known_words_of(name, products());
  const Product* best = nullptr;
  for (const Product& product : products().products) {
    if (product.words.empty() || !names_product(words, product)) continue;
    if (best == nullptr || product.words.size() > best->words.size()) best = &product;
  }
  return best != nullptr ? best : find_longer_product(words);
}

struct ClassName {
  ProductClass kind;
  std::string_view in_table;  // how data/gpu_products.json spells it
  std::string_view word;      // that a name without a row is known by
  std::string_view title;
};
constexpr ClassName kClasses[] = {
    {ProductClass::datacenter, "datacenter", "tesla", "data-center GPU"},
    {ProductClass::professional, "RTX pro", "quadro", "professional GPU"},
    {ProductClass::geforce, "GeForce", "geforce", "GeForce GPU"},
    {ProductClass::titan, "TITAN", "titan", "TITAN GPU"},
    {ProductClass::jetson, "Jetson", "jetson", "Jetson module"},
    {ProductClass::desktop_soc, "desktop SoC", "spark", "desktop system on chip"},
};

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}
}  // namespace

Status load_gpu_products() { return product_table() ? Status(Done{}) : Status(product_table().error()); }

std::string_view to_string(ProductClass kind) {
  const auto at = std::find_if(std::begin(kClasses), std::end(kClasses), [&](const auto& c) { return c.kind == kind; });
  return at == std::end(kClasses) ? "GPU" : at->title;
}

std::optional<ProductClass> class_of_product(std::string_view name) {
  const Product* product = find_product(name);
  const std::vector<std::string> words = words_of(name);
  for (const ClassName& kind : kClasses) {
    if (product != nullptr ? product->kind == kind.in_table : has_word(words, kind.word)) return kind.kind;
  }
  return std::nullopt;
}

std::string brand_of_product(std::string_view name) {
  const auto kind = class_of_product(name);
  const std::vector<std::string> words = words_of(name);
  const std::string rtx = has_word(words, "rtx") ? "rtx" : "";
  if (kind == ProductClass::geforce) return "geforce" + rtx;
  if (kind == ProductClass::titan) return "titan" + rtx;
  if (kind == ProductClass::professional) return has_word(words, "quadro") ? "quadro" + rtx : "nvidiartx";
  if (kind != ProductClass::datacenter) return "";
  const auto capability = capability_of_product(name);
  return capability && *capability < ComputeCapability{8, 0} ? "tesla" : "nvidia";
}

std::optional<ComputeCapability> capability_of_product(std::string_view name) {
  const Product* product = find_product(name);
  return product == nullptr ? std::nullopt : std::optional(product->capability);
}

std::optional<ComputeCapability> capability_of_pci_device(std::string_view device) {
  const std::string id = to_lower(device);
  for (const Product& product : products().products) {
    for (const std::string& known : product.pci_ids) {
      if (known == id) return product.capability;
    }
  }
  const std::optional<std::int64_t> number = parse_integer(id, 16);
  for (const Range& range : products().ranges) {
    if (number && *number >= range.first && *number <= range.last) return range.capability;
  }
  return std::nullopt;
}

std::optional<ComputeCapability> capability_of_target(std::string_view text) {
  std::string target;
  for (const char c : to_lower(text)) {
    if (c != '_' && c != '-' && c != ' ') target += c;
  }
  for (const std::string_view start : {"computecapability", "compute", "sm", "cc", "lto"}) {
    if (!target.starts_with(start)) continue;
    target.erase(0, start.size());
    break;
  }
  const bool has_variant = target.size() > 2 && (target.back() == 'a' || target.back() == 'f');
  if (has_variant) target.pop_back();
  return compute_capability_from(target);
}

std::optional<ComputeCapability> capability_of_gpu(std::string_view text) {
  const auto capability = capability_of_target(text);
  return capability ? capability : capability_of_product(text);
}

}  // namespace varve
