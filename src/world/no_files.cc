#include "world/files.h"

namespace varve {

namespace {
class NoFiles : public Files {
 public:
  NoFiles(LookFailure failure, std::string detail) : failure_(failure), detail_(std::move(detail)) {}

  Looked<std::string> read(std::string_view, std::size_t) const override { return nothing<std::string>(); }
  Looked<std::vector<std::string>> list(std::string_view) const override { return nothing<std::vector<std::string>>(); }
  Looked<std::string> read_link(std::string_view) const override { return nothing<std::string>(); }
  Looked<FileKind> kind(std::string_view) const override { return nothing<FileKind>(); }
  Looked<FileAccess> access(std::string_view) const override { return nothing<FileAccess>(); }
  Looked<std::string> resolve(std::string_view) const override { return nothing<std::string>(); }
  Looked<FileReader> open(std::string_view) const override { return nothing<FileReader>(); }
  Looked<FileReader> open_magic_link(std::string_view) const override { return nothing<FileReader>(); }
  Looked<std::unique_ptr<Files>> below(std::string_view) const override { return nothing<std::unique_ptr<Files>>(); }

 private:
  template <class T>
  Looked<T> nothing() const {
    return {std::nullopt, failure_, detail_};
  }

  LookFailure failure_;
  std::string detail_;
};
}  // namespace

std::unique_ptr<Files> no_files(LookFailure failure, std::string detail) {
  return std::make_unique<NoFiles>(failure, std::move(detail));
}

}  // namespace varve
