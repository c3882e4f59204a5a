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

// What a plan asked for beside counts and margin, servers, and where the workload comes from (in run_setup_json.cc).
// add_ writes nothing where nothing was asked for.
void add_protocol_rules(const ProtocolRules& rules, Json& protocol);
ProtocolRules protocol_rules_from(const Fields& protocol);
void add_variant_setup(const Variant& variant, Json& json);
void read_variant_setup(const Fields& fields, Variant& variant);
Json server_use_to_json(const ServerUse& use);
ServerUse server_use_from(const Fields& fields);
Json named_files_to_json(const std::vector<NamedFile>& files);
NamedFile named_file_from(const Fields& fields);
void add_run_setup(const Run& run, Json& json);
void read_run_setup(const Fields& fields, Run& run);

}  // namespace varve
