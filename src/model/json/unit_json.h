#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/json/json_parts.h"
#include "model/run_record.h"

namespace varve {

// Libraries seen so far, each once, with the index they have in the document.
class LibraryTable {
 public:
  std::size_t index_of(const Library& library);
  const std::vector<Library>& rows() const { return rows_; }

 private:
  std::map<std::tuple<std::string, std::string, std::string, bool>, std::size_t> index_;
  std::vector<Library> rows_;
};

Json unit_to_json(const Unit& unit, LibraryTable& libraries);
Unit unit_from(const Fields& fields, const std::vector<Library>& libraries, const KernelIdMap& kernels);

// Parts of a run that a journal writes by themselves (in run_json.cc).
Json protocol_to_json(const Protocol& protocol);
Protocol protocol_from(const Fields& fields);
Json variant_to_json(const Variant& variant);
Variant variant_from(const Fields& fields);

}  // namespace varve
