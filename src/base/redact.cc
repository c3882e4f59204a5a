#include "base/redact.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kRedacted = "[redacted]";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }
bool is_name_character(char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// "HF_TOKEN", "--api-key" and "accessToken" as words: hf token, api key, access token.
std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(to_lower(word));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_alphanumeric(name[i])) {
      finish();
      continue;
    }
    if (is_upper(name[i]) && i > 0 && is_lower(name[i - 1])) finish();
    word += name[i];
  }
  finish();
  return words;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 25> kSecretWords = {
    "secret",        "secrets",    "password",    "passwords", "passwd",    "passphrase", "passwort",
    "pwd",           "apikey",     "apikeys",     "authtoken", "secretkey", "accesskey",  "privatekey",
    "accesstoken",   "credential", "credentials", "creds",     "auth",      "bearer",     "cookie",
    "authorization", "jwt",        "requirepass", "masterauth"};
constexpr std::array<std::string_view, 10> kKeyOwners = {"api",     "access",     "private", "secret", "account",
                                                         "signing", "encryption", "ssh",     "master", "license"};
// "pass" alone is a stage of a compiler or a network.
constexpr std::array<std::string_view, 9> kPassOwners = {"db",   "user", "mysql", "smtp", "admin",
                                                         "root", "sudo", "ftp",   "redis"};
// Words beside "token" that make it a piece of text instead of a credential: --max-token, first_token_latency.
constexpr std::array<std::string_view, 26> kTextBefore = {
    "eos", "bos",  "pad",   "unk", "sep", "cls", "mask",   "stop",  "image", "special", "start", "end",  "first",
    "per", "next", "draft", "max", "min", "num", "output", "input", "new",   "time",    "each",  "last", "ms"};
constexpr std::array<std::string_view, 12> kTextAfter = {"latency", "count", "length", "limit", "budget", "size",
                                                         "rate",    "type",  "ids",    "time",  "level",  "throughput"};

struct TokenForm {
  std::string_view prefix;
  std::size_t least;  // characters that must follow
};
// What the issuers document or scanners such as gitleaks look for.
constexpr std::array<TokenForm, 27> kTokenForms = {
    {{"hf_", 10},     {"api_org_", 10},    {"ghp_", 10},  {"gho_", 10}, {"ghu_", 10}, {"ghs_", 10},
     {"ghr_", 10},    {"github_pat_", 10}, {"glpat-", 8}, {"AKIA", 12}, {"ASIA", 12}, {"sk-", 10},
     {"sk_live_", 8}, {"rk_live_", 8},     {"xoxb-", 6},  {"xoxp-", 6}, {"xoxa-", 6}, {"xoxr-", 6},
     {"xoxs-", 6},    {"eyJ", 12},         {"AIza", 16},  {"ya29.", 8}, {"npm_", 20}, {"pypi-", 16},
     {"nvapi-", 8},   {"dop_v1_", 16},     {"dapi", 28}}};

bool starts_like_token(std::string_view word) {
  return std::any_of(kTokenForms.begin(), kTokenForms.end(), [&](const TokenForm& form) {
    return word.starts_with(form.prefix) && word.size() >= form.prefix.size() + form.least;
  });
}

// A key drawn at random changes between capitals, small letters and digits at about 0.62 of its steps (62 letters,
// independent draws); names that people make, even FlashAttention2ForwardSm90, at about 0.3.
constexpr double kRandomSteps = 0.38;

bool is_random(std::string_view run, std::size_t least) {
  if (run.size() < least) return false;
  const auto kind = [](char c) { return is_lower(c) ? 0 : is_upper(c) ? 1 : is_digit(c) ? 2 : 3; };
  std::array<std::size_t, 4> seen = {};
  std::size_t steps = 0;
  bool hexadecimal = true;
  for (std::size_t i = 0; i < run.size(); ++i) {
    ++seen[kind(run[i])];
    if (i > 0 && kind(run[i]) != kind(run[i - 1])) ++steps;
    hexadecimal =
        hexadecimal && (is_digit(run[i]) || (run[i] >= 'a' && run[i] <= 'f') || (run[i] >= 'A' && run[i] <= 'F'));
  }
  if (hexadecimal || seen[2] < 2) return false;
  const bool both_cases = seen[0] >= 2 && seen[1] >= 2;
  if (!both_cases && run.size() < 32) return false;
  return static_cast<double>(steps) / static_cast<double>(run.size() - 1) >= kRandomSteps;
}

// AWS secret access keys are 40 characters of base64 and nothing else tells them.
bool is_aws_secret(std::string_view run) {
  return run.size() == 40 && std::any_of(run.begin(), run.end(), is_lower) &&
         std::any_of(run.begin(), run.end(), is_digit) && std::count_if(run.begin(), run.end(), is_upper) >= 4;
}

bool is_path(std::string_view word) {
  return word.starts_with('/') || word.starts_with("~") || word.starts_with("./") || word.starts_with("../");
}

// Calls `see` with every longest run of characters that `belongs` accepts, until it answers true.
template <class Belongs, class See>
bool any_run(std::string_view text, Belongs belongs, See see) {
  for (std::size_t begin = 0; begin < text.size();) {
    if (!belongs(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && belongs(text[end])) ++end;
    if (see(text.substr(begin, end - begin))) return true;
    begin = end;
  }
  return false;
}

bool has_random_run(std::string_view text) {
  const auto belongs = [](char c) { return is_name_character(c) || c == '/' || c == '+' || c == '~'; };
  return any_run(text, belongs, [](std::string_view word) {
    if (is_path(word)) return false;
    if (any_run(word, is_alphanumeric, [](std::string_view run) { return is_random(run, 20); })) return true;
    const auto is_base64 = [](char c) { return is_alphanumeric(c) || c == '/' || c == '+'; };
    return any_run(word, is_base64, [](std::string_view run) { return is_random(run, 32) || is_aws_secret(run); });
  });
}

// scheme://user:password@host
bool has_url_password(std::string_view text) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\n"));
    const std::size_t host = authority.rfind('@');
    if (host != std::string_view::npos && authority.substr(0, host).find(':') != std::string_view::npos) return true;
  }
  return false;
}

// "…password=x", "Authorization: Bearer x", {"api_key": "x"}
bool assigns_secret(std::string_view text) {
  const auto is_filler = [](char c) { return is_blank(c) || c == '"' || c == '\''; };
  for (std::size_t at = text.find_first_of("=:"); at != std::string_view::npos; at = text.find_first_of("=:", at + 1)) {
    std::size_t end = at;
    while (end > 0 && is_filler(text[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_name_character(text[begin - 1])) --begin;
    if (!names_a_secret(text.substr(begin, end - begin))) continue;
    std::size_t value = at + 1;
    while (value < text.size() && is_filler(text[value])) ++value;
    if (value < text.size() && !text.substr(value).starts_with(kRedacted)) return true;
  }
  return false;
}

bool has_bearer(std::string_view text) {
  const std::string lower = to_lower(text);
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    const std::size_t at = lower.find(scheme);
    if (at == std::string::npos || (at > 0 && is_alphanumeric(lower[at - 1]))) continue;
    if (lower.size() - at - scheme.size() >= 8) return true;
  }
  return false;
}
}  // namespace

bool looks_like_secret(std::string_view value) {
  if (value.find("-----BEGIN") != std::string_view::npos) return true;
  return any_run(value, is_name_character, starts_like_token) || has_url_password(value) || assigns_secret(value) ||
         has_bearer(value) || has_random_run(value);
}

bool names_a_secret(std::string_view name) {
  const std::vector<std::string> words = name_words(name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view before = i > 0 ? std::string_view(words[i - 1]) : std::string_view();
    const std::string_view after = i + 1 < words.size() ? std::string_view(words[i + 1]) : std::string_view();
    if (words[i] == "pwd" && words.size() == 1) continue;  // the working directory
    if (is_one_of(words[i], kSecretWords)) return true;
    if ((words[i] == "key" || words[i] == "keys") && is_one_of(before, kKeyOwners)) return true;
    if (words[i] == "pass" && is_one_of(before, kPassOwners)) return true;
    if (words[i] == "token" && !is_one_of(before, kTextBefore) && !is_one_of(after, kTextAfter)) return true;
  }
  return false;
}

namespace {
// One shell-like word of a command line, with what the words before it decided.
class ArgumentRedactor {
 public:
  explicit ArgumentRedactor(std::string_view home) : home_(home) {}

  std::string redact(std::string_view word) {
    if (open_quote_ != '\0') {  // a quoted secret that began in an earlier word of the same argument
      if (word.find(open_quote_) != std::string_view::npos) open_quote_ = '\0';
      return std::string(kRedacted);
    }
    const Expects expected = std::exchange(expected_, Expects::anything);
    if (expected == Expects::secret && !word.starts_with("--")) return hide(word);
    if (expected == Expects::login && is_login(word)) return hide(word);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      if (word.starts_with('-') && names_a_secret(word)) expected_ = Expects::secret;
      if (word == "-u" || word == "--user") expected_ = Expects::login;
      return looks_like_secret(word) ? hide(word) : shorten_home(word, home_);
    }
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    const bool plain_name = std::all_of(name.begin(), name.end(), is_name_character);
    if (plain_name && !looks_like_secret(name) && (names_a_secret(name) || looks_like_secret(value))) {
      return std::string(name) + "=" + (value.empty() ? "" : hide(value));
    }
    return looks_like_secret(word) ? hide(word) : shorten_home(word, home_);
  }

 private:
  enum class Expects { anything, secret, login };

  std::string hide(std::string_view hidden) {
    const char first = hidden.empty() ? '\0' : hidden.front();
    if ((first == '"' || first == '\'') && hidden.find(first, 1) == std::string_view::npos) open_quote_ = first;
    return std::string(kRedacted);
  }

  // user:password as curl takes it, but not the uid:gid of docker.
  static bool is_login(std::string_view word) {
    const std::size_t colon = word.find(':');
    return colon != std::string_view::npos &&
           !std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || c == ':'; });
  }

  std::string_view home_;
  Expects expected_ = Expects::anything;
  char open_quote_ = '\0';
};

// An argument that holds a whole command, as in sh -c "TOKEN=x run": word by word, white space kept.
std::string redact_text(std::string_view text, ArgumentRedactor& redactor) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    if (is_blank(text[begin])) {
      while (end < text.size() && is_blank(text[end])) ++end;
      result += text.substr(begin, end - begin);
    } else {
      while (end < text.size() && !is_blank(text[end])) ++end;
      result += redactor.redact(text.substr(begin, end - begin));
    }
    begin = end;
  }
  return looks_like_secret(result) ? std::string(kRedacted) : result;
}
}  // namespace

std::vector<std::string> redact_arguments(const std::vector<std::string>& arguments, std::string_view home) {
  std::vector<std::string> redacted;
  ArgumentRedactor outer(home);
  for (const std::string& argument : arguments) {
    const bool has_blank = std::any_of(argument.begin(), argument.end(), is_blank);
    if (!has_blank) {
      redacted.push_back(outer.redact(argument));
      continue;
    }
    // A value with blanks after --password belongs to the option as a whole.
    const std::string whole = outer.redact(argument);
    ArgumentRedactor inner(home);
    redacted.push_back(whole == kRedacted && !looks_like_secret(argument) ? whole : redact_text(argument, inner));
  }
  return redacted;
}

namespace {
// The length of a home directory at the start of `path`: the given one, or /home/NAME, /Users/NAME or
// /var/home/NAME (Fedora's immutable systems); 0 if none.
std::size_t home_length(std::string_view path, std::string_view home) {
  const auto ends_there = [&](std::size_t length) {
    return path.size() == length || !(is_name_character(path[length]) || path[length] == '@');
  };
  if (home.size() > 1 && path.starts_with(home) && ends_there(home.size())) return home.size();
  for (const std::string_view parent : {"/home/", "/Users/", "/var/home/"}) {
    if (!path.starts_with(parent)) continue;
    std::size_t end = parent.size();
    while (end < path.size() && is_name_character(path[end])) ++end;
    if (end > parent.size()) return end;
  }
  return 0;
}
}  // namespace

std::string shorten_home(std::string_view text, std::string_view home) {
  while (home.size() > 1 && home.ends_with('/')) home.remove_suffix(1);
  std::string result;
  bool inside_path = false;  // behind the first slash of a path: /mnt/home/a is no home directory
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '/' && !inside_path) {
      if (const std::size_t length = home_length(text.substr(i), home); length > 0) {
        result += '~';
        i += length;
        inside_path = true;
        continue;
      }
    }
    if (text[i] == '/') {
      inside_path = !(i >= 1 && text[i - 1] == '/' && i >= 2 && text[i - 2] == ':');  // file:///home/a
    } else if (!is_name_character(text[i]) && text[i] != '~' && text[i] != '@' && text[i] != '+') {
      inside_path = false;
    }
    result += text[i++];
  }
  return result;
}

std::string hashed_gpu_id(std::string_view id) {
  constexpr std::string_view kUuid = "8932f937-d72c-4106-c12f-20bd9faed9f6";
  if (id.starts_with("MIG-GPU-")) {
    const std::size_t slash = std::min(id.find('/'), id.size());
    return "MIG-" + hashed_gpu_id(id.substr(4, slash - 4)) + std::string(id.substr(slash));
  }
  const std::string_view kind = id.substr(0, std::min<std::size_t>(4, id.size()));
  const std::string_view rest = id.substr(kind.size());
  if ((kind != "GPU-" && kind != "MIG-") || rest.empty()) return std::string(id);
  const bool kept = rest.starts_with("sha256:") || rest.starts_with("start:");
  if (kept) return std::string(id);
  const char* what = rest.size() == kUuid.size() ? "sha256:" : "start:";
  return std::string(kind) + what + sha256_hex(id).substr(0, 12);
}

}  // namespace varve
