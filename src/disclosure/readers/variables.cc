// env, printenv, export, set and what vLLM's collect_env prints of them:
//   LD_LIBRARY_PATH=/usr/local/cuda/lib64
//   export CUDA_VISIBLE_DEVICES=0,1
//   CUDA_VISIBLE_DEVICES=0 NCCL_DEBUG=INFO python train.py      (in force for that command)
//   $ echo $LD_LIBRARY_PATH                       os.environ["CUDA_VISIBLE_DEVICES"] = "2"
//   /usr/local/cuda/lib64
// Which of them is kept is the allow-list's decision (data/dispatch_settings.json), with the values that look like a
// secret left out; nothing else leaves this floor.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// The value at the start of the text: a quoted one, else up to a blank; the whole text where options follow, as in
// XLA_FLAGS.
std::string_view value_at(std::string_view text, std::string_view& rest) {
  rest = {};
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
    const std::size_t end = text.find(text[0], 1);
    if (end == std::string_view::npos) return {};
    rest = trim(text.substr(end + 1));
    return text.substr(1, end - 1);
  }
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return text;
  rest = trim(text.substr(blank));
  if (!rest.starts_with('-')) return text.substr(0, blank);
  rest = {};
  return text;
}

class VariablesReader : public TextReader {
 public:
  const char* name() const override { return "env"; }
  bool take(const TextLine& line, Declared& declared) override {
    std::string_view text = line.text;
    if (text.size() > 8192) return false;
    if (take_echo(line, declared) || take_program(line, declared)) return true;
    for (const std::string_view start : {"export ", "declare -x ", "$ ", "ENV "}) {
      if (text.starts_with(start)) text = trim(text.substr(start.size()));
    }
    bool any = false;
    for (int i = 0; i < 32 && !text.empty(); ++i) {
      const std::size_t equals = text.find('=');
      if (equals == std::string_view::npos || !is_variable_name(text.substr(0, equals))) break;
      if (text.substr(equals).starts_with("==")) break;
      std::string_view rest;
      const std::string_view value = value_at(text.substr(equals + 1), rest);
      declare_variable(declared, text.substr(0, equals), trim(value), line.number);
      any = true;
      text = rest;
    }
    return any;
  }

 private:
  // "echo $CUDA_VISIBLE_DEVICES", and the value on the next line.
  bool take_echo(const TextLine& line, Declared& declared) {
    if (!echoed_.empty()) {
      const std::string name = std::move(echoed_);
      echoed_.clear();
      const std::string_view value = trim(line.text);
      const bool is_value = value.size() < 1024 && value.find(' ') == std::string_view::npos && !value.starts_with('$');
      if (is_value) declare_variable(declared, name, value, line.number);
      return is_value;
    }
    if (!holds(line, "echo $")) return false;
    const auto rest = behind(line.text, "echo $");
    const std::string_view name = rest ? trim(up_to(*rest, "`;|")) : std::string_view();
    if (is_variable_name(name)) echoed_ = name;
    return !echoed_.empty();
  }
  // os.environ["CUDA_VISIBLE_DEVICES"] = "2"
  static bool take_program(const TextLine& line, Declared& declared) {
    if (!holds(line, "os.environ[") || line.text.starts_with('#')) return false;
    const auto rest = behind(line.text, "os.environ[");
    if (!rest || rest->size() < 4) return false;
    const std::string_view name = up_to(rest->substr(1), "\"'");
    const auto value = behind(*rest, "]");
    const std::string_view set = value ? trim(*value) : std::string_view();
    if (!is_variable_name(name) || !set.starts_with('=') || set.starts_with("==")) return false;
    const std::string_view quoted = trim(set.substr(1));
    if (quoted.size() < 2 || (quoted[0] != '"' && quoted[0] != '\'')) return false;
    declare_variable(declared, name, up_to(quoted.substr(1), quoted.substr(0, 1)), line.number);
    return true;
  }

  std::string echoed_;  // whose value the next line is
};
}  // namespace

std::unique_ptr<TextReader> variables_reader() { return std::make_unique<VariablesReader>(); }

}  // namespace varve
