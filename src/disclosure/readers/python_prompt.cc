// What somebody asked Python for: the value stands behind the question or on the next line.
//   >>> torch.__version__                   print(jaxlib.__version__)         torch.version.cuda: None
//   '2.3.0+cpu'                             0.4.34
//   print(torch.__version__, torch.cuda.is_available())
//   2.6.0 True
// Of packages of a GPU stack, by the names that they are imported as.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostQuestion = 160;

std::string_view without_quotes(std::string_view text) {
  text = trim(text);
  while (!text.empty() && (text.front() == '\'' || text.front() == '"' || text.front() == '(')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\'' || text.back() == '"' || text.back() == ')' || text.back() == ',')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string package_of(std::string_view module) {
  if (module == "tf") return "tensorflow";
  const PackageRow* row = is_package_name(module) ? find_package_row(normal_package_name(module)) : nullptr;
  return row == nullptr || !row->has_gpu_code() ? "" : std::string(module);
}

// The word that ends where `end` is: "jaxlib" before ".__version__".
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && (is_package_name(text.substr(begin - 1, end - begin + 1)) || text[begin - 1] == '_')) --begin;
  return text.substr(begin, end - begin);
}

class PythonPromptReader : public TextReader {
 public:
  static constexpr const char* kName = "Python";
  const char* name() const override { return kName; }
  void end() override {
    asked_.clear();
    begin_ = 0;
  }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > kMostQuestion) return false;
    if (!asked_.empty() && !line.text.empty()) {
      const std::string asked = std::move(asked_);
      asked_.clear();
      const std::string_view answer = is_first_ ? up_to(line.text, " ,") : line.text;
      if (take_value(asked, without_quotes(answer), line, declared)) return true;
    }
    if (!holds(line, "__version__") && !holds(line, "torch.version.cuda")) return false;
    return take_question(line, declared);
  }

 private:
  bool take_question(const TextLine& line, Declared& declared);
  bool take_value(const std::string& asked, std::string_view value, const TextLine& line, Declared& declared);

  std::string asked_;      // the package, or "torch.version.cuda"
  bool is_first_ = false;  // of several questions on the line
  std::int64_t begin_ = 0;
};

bool PythonPromptReader::take_question(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  const std::size_t cuda = text.find("torch.version.cuda");
  const std::size_t version = text.find(".__version__");
  std::string asked;
  std::size_t behind_it = 0;
  if (cuda != std::string_view::npos) {
    asked = "torch.version.cuda";
    behind_it = cuda + asked.size();
  } else if (version != std::string_view::npos) {
    asked = package_of(word_before(text, version));
    behind_it = version + 12;
  }
  if (asked.empty()) return false;
  std::string_view rest = trim(text.substr(behind_it));
  while (!rest.empty() && (rest.front() == ')' || rest.front() == '`' || rest.front() == '"')) rest.remove_prefix(1);
  rest = trim(rest);
  // One question on the line, so that what follows answers it; of several the first is answered first.
  const bool is_first = cuda == std::string_view::npos && rest.starts_with(',');
  if (rest.empty() || is_first) {
    asked_ = asked;
    is_first_ = is_first;
    return true;
  }
  const bool is_answered = rest.front() == ':' || (rest.front() == '=' && !rest.starts_with("=="));
  return is_answered && take_value(asked, without_quotes(rest.substr(1)), line, declared);
}

bool PythonPromptReader::take_value(const std::string& asked, std::string_view value, const TextLine& line,
                                    Declared& declared) {
  if (asked == "torch.version.cuda") {
    const TextPlace place{kName, line.number};
    if (value == "None") {
      declared.package_cuda.emplace("torch", missing_fact(Missing::absent, source_at(place), "a build without CUDA"));
      return true;
    }
    if (leading_version(value) != value || value.find('.') == std::string_view::npos) return false;
    declared.package_cuda.emplace("torch", known_fact(std::string(value), source_at(place), Standing::declared));
    return true;
  }
  if (!is_package_version(value) || value.find('.') == std::string_view::npos) return false;
  if (begin_ == 0) begin_ = line.number;
  add_package(package_list(declared, {kName, begin_}, ""), asked, value, line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> python_prompt_reader() { return std::make_unique<PythonPromptReader>(); }

}  // namespace varve
