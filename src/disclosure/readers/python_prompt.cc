// What somebody asked Python for: the value stands behind the question or on the next line.
//   >>> torch.__version__                   print(jaxlib.__version__)         torch.version.cuda: None
//   '2.3.0+cpu'                             0.4.34
//   print(torch.__version__, torch.cuda.is_available())
//   2.6.0 True                             >>> torch.__version__, torch.version.cuda, torch.cuda.get_device_name(0)
//                                          ('2.3.1+cu121', '12.1', 'NVIDIA A10')
// Of packages of a GPU stack, by the names that they are imported as.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/gpu_products.h"
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

// What a question is about; "torch.version.cuda", "device" and "other" beside the names of packages. Empty: no
// question.
std::string subject_of(std::string_view expression) {
  if (has(expression, "torch.version.cuda")) return "torch.version.cuda";
  if (has(expression, "cuda.get_device_name(")) return "device";
  const std::size_t version = expression.find(".__version__");
  if (version != std::string_view::npos) return package_of(word_before(expression, version));
  return has(expression, "torch.") ? "other" : "";
}

// The expressions of a line, cut at commas outside of brackets: "print(a.__version__, f(0))" has two.
std::vector<std::string> questions_of(std::string_view text) {
  if (const std::size_t print = text.find("print("); print != std::string_view::npos) {
    text = text.substr(print + 6);
    text = text.substr(0, text.rfind(')'));
  }
  std::vector<std::string> subjects;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c != ',' || depth > 0) continue;
    subjects.push_back(subject_of(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return subjects;
}

// The answers of a line: of a tuple by its commas, of print() by blanks, where the last may have some of its own.
std::vector<std::string_view> answers_of(std::string_view text, std::size_t count) {
  std::vector<std::string_view> answers;
  text = trim(text);
  const bool is_tuple = text.starts_with('(');
  while (answers.size() + 1 < count) {
    const std::size_t end = text.find(is_tuple ? ',' : ' ');
    if (end == std::string_view::npos) break;
    answers.push_back(without_quotes(text.substr(0, end)));
    text = trim(text.substr(end + 1));
  }
  answers.push_back(without_quotes(text));
  return answers;
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
    if (!asked_.empty() && !line.text.empty() && take_answers(line, declared)) return true;
    if (!printed_.empty() && take_printed(line, declared)) return true;
    if (!holds(line, "__version__") && !holds(line, "torch.version.cuda") && !holds(line, "get_device_name(")) {
      return false;
    }
    return take_question(line, declared);
  }

 private:
  bool take_answers(const TextLine& line, Declared& declared);
  bool take_printed(const TextLine& line, Declared& declared);
  bool take_question(const TextLine& line, Declared& declared);
  bool take_value(const std::string& asked, std::string_view value, const TextLine& line, Declared& declared);

  std::vector<std::string> asked_;    // what the next line answers
  std::vector<std::string> printed_;  // what lines answer one after the other
  std::int64_t printed_line_ = 0;     // where the last of them was asked or answered
  std::int64_t begin_ = 0, devices_ = 0;
};

bool PythonPromptReader::take_answers(const TextLine& line, Declared& declared) {
  const std::vector<std::string> asked = std::move(asked_);
  asked_.clear();
  std::string_view text = trim(line.text);
  if (text.starts_with("Out[")) text = text.substr(std::min(text.find(':') + 1, text.size()));
  const std::vector<std::string_view> answers = answers_of(text, asked.size());
  bool any = false;
  for (std::size_t i = 0; i < answers.size() && i < asked.size(); ++i) {
    if (asked[i].empty() || asked[i] == "other") continue;
    const bool is_taken = take_value(
        asked[i], asked.size() == 1 ? answers[i] : up_to(answers[i], asked[i] == "device" ? "" : " ,"), line, declared);
    if (!is_taken) break;
    any = true;
  }
  return any;
}

// python -c "import torch; print(torch.__version__); print(torch.version.cuda)": a line each, perhaps some lines below.
bool PythonPromptReader::take_printed(const TextLine& line, Declared& declared) {
  constexpr std::int64_t kReach = 4;
  const std::string_view text = trim(line.text);
  if (line.number - printed_line_ > kReach) printed_.clear();
  if (printed_.empty() || text.empty()) return false;
  const bool is_truth = text == "True" || text == "False";
  if (printed_.front() != "other" ? !take_value(printed_.front(), text, line, declared) : !is_truth) return false;
  printed_.erase(printed_.begin());
  printed_line_ = line.number;
  return true;
}

bool PythonPromptReader::take_question(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (has(text, "); print(")) {
    printed_.clear();
    printed_line_ = line.number;
    for (auto rest = behind(text, "print("); rest && printed_.size() < 8; rest = behind(*rest, "print(")) {
      const std::string subject = subject_of(rest->substr(0, rest->find("; ")));
      printed_.push_back(subject.empty() ? "other" : subject);
    }
    return true;
  }
  const std::size_t cuda = text.find("torch.version.cuda");
  const std::size_t version = text.find(".__version__");
  const std::size_t device = text.find("get_device_name(");
  std::string asked;
  std::size_t behind_it = 0;
  if (cuda != std::string_view::npos && version == std::string_view::npos) {
    asked = "torch.version.cuda";
    behind_it = cuda + asked.size();
  } else if (version != std::string_view::npos) {
    asked = package_of(word_before(text, version));
    behind_it = version + 12;
  } else if (device != std::string_view::npos) {
    asked = "device";
    behind_it = std::min(text.find(')', device), text.size() - 1) + 1;
  }
  if (asked.empty()) return false;
  std::string_view rest = trim(text.substr(behind_it));
  while (!rest.empty() && (rest.front() == ')' || rest.front() == '`' || rest.front() == '"')) rest.remove_prefix(1);
  rest = trim(rest);
  // Nothing behind it: the next line answers, all that was asked on this one in its order.
  if (rest.empty() || rest.starts_with(',')) {
    asked_ = questions_of(text);
    return true;
  }
  const bool is_answered = rest.front() == ':' || (rest.front() == '=' && !rest.starts_with("=="));
  return is_answered && take_value(asked, without_quotes(rest.substr(1)), line, declared);
}

bool PythonPromptReader::take_value(const std::string& asked, std::string_view value, const TextLine& line,
                                    Declared& declared) {
  const TextPlace place{kName, line.number};
  if (asked == "torch.version.cuda") {
    if (value == "None") {
      declared.package_cuda.emplace("torch", missing_fact(Missing::absent, source_at(place), "a build without CUDA"));
      return true;
    }
    if (leading_version(value) != value || value.find('.') == std::string_view::npos) return false;
    declared.package_cuda.emplace("torch", known_fact(std::string(value), source_at(place), Standing::declared));
    return true;
  }
  if (asked == "device") {
    if (!capability_of_gpu(value)) return false;
    if (devices_ == 0) devices_ = line.number;
    if (Gpu* gpu = gpu_in(gpu_list(declared, {kName, devices_}), 0); gpu != nullptr && gpu->model.empty()) {
      gpu->model = clean_utf8(value, 96);
    }
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
