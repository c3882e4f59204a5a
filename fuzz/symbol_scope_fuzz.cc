// The tables that the loader binds symbols by.
#include "binary/loader/symbol_scope.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto symbols = varve::DynamicSymbols::read(memory_file(data, size), "fuzz");
  if (!symbols) return 0;
  (void)symbols->defines("f", nullptr);
  // Itself as the only file of its scope, and as the one whose versions it wants.
  const varve::DynamicSymbols* scope[] = {&*symbols};
  (void)varve::unbound_symbols(*symbols, scope, [&](const std::string&) { return &*symbols; });
  return 0;
}
