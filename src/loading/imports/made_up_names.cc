#include "loading/imports/made_up_names.h"

#include "base/dotted_version.h"
#include "base/text.h"
#include "package/python_literals.h"
#include "package/python_metadata.h"
#include "tables/libraries.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostSource = std::size_t{1} << 20;

// "libcufft", 12 → "libcufft.so.11": of the SONAMEs that belong to no one release, by the wheel that holds it.
std::string soname_of(std::string_view stem, std::int64_t cuda) {
  const LibraryRow* row = library_of(stem);
  if (row == nullptr) return {};
  const std::string major = std::to_string(cuda);
  for (const LibraryName& name : row->sonames) {
    if (name.cuda == major || name.package.ends_with("-cu" + major)) return name.soname;
  }
  for (const LibraryName& name : row->sonames) {  // from 13 on wheels have no suffix
    if (cuda >= 13 && name.cuda.empty() && !name.package.empty() && name.package.find("-cu1") == std::string::npos)
      return name.soname;
  }
  return {};
}

// "build_info.cudnn_version" of a Python file: "9".
std::string stated_number(const std::string& source, std::string_view constant) {
  const auto constants = python_constants(source);
  const PythonValue* value = find_constant(constants, constant);
  const auto number = value == nullptr ? std::nullopt : dotted_version_from(value->text);
  return number ? std::to_string(number->major()) : std::string();
}
}  // namespace

std::vector<std::string> made_up_names(const Files& files, const std::string& folder, const Package& package) {
  const PackageRow* row = find_package_row(normal_package_name(package.name));
  if (row == nullptr || row->opens.empty() || !package.cuda.is_known()) return {};
  const auto cuda = dotted_version_from(value_text(*package.cuda.value));
  if (!cuda) return {};
  const std::string source = files.read(folder + "/" + row->cuda_file, kMostSource).value.value_or("");
  std::vector<std::string> names;
  for (const std::string_view entry : row->opens) {
    const std::size_t colon = entry.find(':');
    const std::string stem(entry.substr(0, colon));
    const std::string number =
        colon == std::string_view::npos ? std::string() : stated_number(source, entry.substr(colon + 1));
    const std::string name = colon == std::string_view::npos ? soname_of(stem, cuda->major())
                             : number.empty()                ? ""
                                                             : stem + ".so." + number;
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

}  // namespace varve
