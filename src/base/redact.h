#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// What must not enter a document. Everything that comes from a command line or an environment passes here.

// Looks like a credential: known token prefixes (hf_, ghp_, AKIA, sk-, glpat-, xox, eyJ…), a URL with user:password@,
// or a long run of mixed letters and digits as random keys have. Errs on the side of "yes"; hexadecimal digests of
// files and plain paths are not credentials.
bool looks_like_secret(std::string_view value);

// The name of an option or variable that usually carries one: token, secret, password, api-key, credential …
bool names_a_secret(std::string_view name);

// A command line fit for a document: the value of "--token=x", "--api-key x", "PASSWORD=x" and every argument that
// looks like a secret become "[redacted]"; `home` at the start of a path becomes "~".
std::vector<std::string> redact_arguments(const std::vector<std::string>& arguments, std::string_view home);

// The id of a GPU or of a part of one (MIG), which identifies the machine, as documents keep it: "GPU-sha256:…" for a
// whole UUID, "GPU-start:…" for the start of one, which CUDA takes too and nothing can be held against;
// "MIG-GPU-sha256:…/1/0". Any other text as it is.
std::string hashed_gpu_id(std::string_view id);

// `home` (when it is more than "/") replaced by "~" wherever a path starts with it inside the text, also /home/NAME and
// /Users/NAME of other people.
std::string shorten_home(std::string_view text, std::string_view home);

}  // namespace varve
