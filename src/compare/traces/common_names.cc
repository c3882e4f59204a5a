#include "compare/traces/common_names.h"

#include <algorithm>
#include <set>

#include "model/kernels/compiled_region.h"
#include "model/kernels/operation_work.h"

namespace varve {

namespace {
std::string bare_name(const std::string& operation) { return std::string(without_shapes(operation)); }
// The name by which a kernel is matched. TorchInductor numbers its kernels in the order in which it writes them, so
// that one more kernel gives all that follow another name: "triton_poi_fused_silu_29" is "triton_poi_fused_silu".
std::string matched_name(const std::string& name) {
  // Whatever it computes in, it is the same operation.
  if (const std::size_t types = types_behind(name).size(); types > 0) return name.substr(0, name.size() - types - 1);
  if (!name.starts_with("triton_")) return name;
  const std::size_t end = name.find_last_not_of("0123456789");
  const bool is_numbered = end != std::string::npos && end + 1 < name.size() && name[end] == '_';
  return is_numbered ? name.substr(0, end) : name;
}
}  // namespace

CommonNames::CommonNames(const KernelTable& a, const KernelTable& b, bool of_operations)
    : a_(a), b_(b), of_operations_(of_operations) {
  for (const KernelTable* table : {&a, &b}) {
    for (const Kernel& kernel : table->kernels()) {
      texts_.push_back(matched_name(kernel.key.name));
      texts_.push_back(bare_name(kernel.key.name));
      if (of_operations) texts_.push_back(operation_work(kernel.key.name));
    }
  }
  std::sort(texts_.begin(), texts_.end());
  texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
  const auto number_of = [&](const std::string& text) {
    return static_cast<std::uint32_t>(std::lower_bound(texts_.begin(), texts_.end(), text) - texts_.begin());
  };
  for (const std::string& text : texts_) bare_.push_back(number_of(bare_name(text)));
  for (const std::string& text : texts_) is_compiled_region_.push_back(of_operations && is_compiled_region(text));
  for (const std::string& text : texts_) {
    const std::string work = of_operations ? operation_work(text) : "";
    works_.push_back(work.empty() ? kNoToken : number_of(work));
  }
  const auto take = [&](const KernelTable& table, std::vector<std::uint32_t>& of, std::vector<const Kernel*>& first) {
    first.resize(texts_.size());
    for (const Kernel& kernel : table.kernels()) {
      const std::uint32_t number = number_of(matched_name(kernel.key.name));
      of.push_back(number);
      if (first[number] == nullptr) first[number] = &kernel;
    }
  };
  take(a, of_a_, kernels_a_);
  take(b, of_b_, kernels_b_);
  of_two_frameworks_ = have_no_product_in_common();
}

bool CommonNames::have_no_product_in_common() const {
  std::set<std::uint32_t> products_a, products_b;
  for (std::uint32_t number = 0; number < works_.size(); ++number) {
    if (works_[number] == kNoToken) continue;
    if (kernels_a_[number] != nullptr) products_a.insert(bare_[number]);
    if (kernels_b_[number] != nullptr) products_b.insert(bare_[number]);
  }
  const auto is_shared = [&](std::uint32_t name) { return products_b.contains(name); };
  return !products_a.empty() && !products_b.empty() && std::none_of(products_a.begin(), products_a.end(), is_shared);
}

bool CommonNames::is_compiled(std::uint32_t number) const {
  const auto says_so = [&](const Kernel* kernel) { return kernel != nullptr && kernel->meaning.compiled; };
  return says_so(kernels_a_[number]) || says_so(kernels_b_[number]);
}

MatchItem CommonNames::item(bool of_b, KernelId kernel, KernelId operation) const {
  const std::vector<std::uint32_t>& numbers = of_b ? of_b_ : of_a_;
  MatchItem item{.name = numbers[static_cast<std::size_t>(kernel)]};
  if (of_operations_) {
    item.bare_name = bare_[item.name];
    item.is_compiled = is_compiled_region_[item.name];
    item.compiles = compiles(of_b, kernel);
    if (of_two_frameworks_) item.work = works_[item.name];
  }
  if (operation == kNoKernel) return item;
  item.operation = numbers[static_cast<std::size_t>(operation)];
  item.bare_operation = bare_[item.operation];
  item.starts_operation = of_operations_ && kernel == operation;
  return item;
}

}  // namespace varve
