// env, printenv, export, set and what vLLM's collect_env prints of them:
//   LD_LIBRARY_PATH=/usr/local/cuda/lib64
//   export CUDA_VISIBLE_DEVICES=0,1
//   CUDA_VISIBLE_DEVICES=0 NCCL_DEBUG=INFO python train.py      (in force for that command)
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
};
}  // namespace

std::unique_ptr<TextReader> variables_reader() { return std::make_unique<VariablesReader>(); }

}  // namespace varve
