#include "cmd/subjects.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cmd/document_files.h"
#include "package/environments.h"

namespace varve {

namespace {
namespace fs = std::filesystem;

// What somebody named on the command line, without saying what it is.
enum class NamedKind { document, image, environment, root, binary, text };

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// "layout:1.2": one of the images in a folder or archive that is there.
bool names_one_image(const std::string& name) {
  for (std::size_t colon = name.find(':', 1); colon != std::string::npos; colon = name.find(':', colon + 1)) {
    if (is_there(name.substr(0, colon))) return true;
  }
  return false;
}

Result<NamedKind> kind_of_directory(const World& world, const std::string& name) {
  const fs::path path(name);
  if (is_there(path / "oci-layout") || is_there(path / "manifest.json")) return NamedKind::image;
  if (environment_at(world.files, from_root(name))) return NamedKind::environment;
  if (is_there(path / "etc") || is_there(path / "usr") || is_there(path / "proc")) return NamedKind::root;
  return Error{"looking at what to check", name, "this folder is no image, no environment and no root of a file system",
               "Name what it is: --image, --env, --root"};
}

// A program that was frozen with its packages is the folder that holds them.
bool is_frozen_program(const World& world, const std::string& name) {
  const std::string path = from_root(name);
  return frozen_program_at(world.files, path.substr(0, path.rfind('/'))).has_value();
}

// A document is JSON of Varve's, a binary starts as ELF or as an archive of ar(1); what is no text are archives of
// images.
Result<NamedKind> kind_of_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  char start[512] = {};
  file.read(start, sizeof start);
  const std::string_view bytes(start, static_cast<std::size_t>(file.gcount()));
  if (bytes.starts_with("\x7f"
                        "ELF") ||
      bytes.starts_with("!<arch>\n"))
    return NamedKind::binary;
  if (is_text_to_read(name)) return NamedKind::text;
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[')) return NamedKind::document;
  if (bytes.empty()) {
    return Error{"looking at what to check", name, "nothing could be read from it",
                 "Give a capture document, an image, an environment, a binary or a text"};
  }
  return NamedKind::image;
}

// By its content.
Result<NamedKind> kind_of_subject(const World& world, const std::string& name) {
  if (name == "-") return NamedKind::document;
  std::error_code error;
  const fs::file_status status = fs::status(name, error);
  if (!fs::exists(status)) {
    if (names_one_image(name)) return NamedKind::image;
    return Error{"looking at what to check", name, "there is no such file or folder",
                 "Give a capture document, an image, an environment, a root directory or a binary"};
  }
  if (fs::is_directory(status)) return kind_of_directory(world, name);
  Result<NamedKind> kind = kind_of_file(name);
  const bool is_frozen = kind && *kind == NamedKind::binary && is_frozen_program(world, name);
  return is_frozen ? NamedKind::environment : kind;
}

using NamedSubjects = std::vector<NamedSubject>;

Result<NamedSubjects> without_text(Result<Stack> stack) {
  if (!stack) return stack.error();
  return NamedSubjects{{std::move(*stack), std::nullopt}};
}

Result<ReadText> text_at(const std::string& name, const Knowledge& knowledge) {
  Result<OpenText> text = open_text(name);
  return text ? read_text(std::move(*text), knowledge) : text.error();
}

// Of a text that tells of several machines one subject each.
Result<NamedSubjects> capture_named(const World& world, CaptureOptions plan, const std::string& name,
                                    const Knowledge& knowledge) {
  const Result<NamedKind> kind = kind_of_subject(world, name);
  if (!kind) return kind.error();
  plan.path = name;
  plan.process.reset();
  switch (*kind) {
    case NamedKind::document:
      return without_text(stack_of_document(name, knowledge));
    case NamedKind::text: {
      Result<OpenText> text = open_text(name);
      if (!text) return text.error();
      Result<std::vector<ReadText>> machines = read_machines(std::move(*text), knowledge);
      if (!machines) return machines.error();
      NamedSubjects subjects;
      for (ReadText& machine : *machines) {
        Stack stack = machine.stack;
        subjects.push_back({std::move(stack), std::move(machine)});
      }
      return subjects;
    }
    case NamedKind::image:
      plan.kind = SubjectKind::image;
      break;
    case NamedKind::environment:
      plan.kind = SubjectKind::environment;
      plan.path = from_root(name);
      if (!fs::is_directory(plan.path)) plan.path.resize(plan.path.rfind('/'));
      break;
    case NamedKind::root:
      plan.kind = SubjectKind::root;
      break;
    case NamedKind::binary:
      plan.kind = SubjectKind::files;
      plan.path.clear();
      plan.files = {from_root(name)};
      break;
  }
  return without_text(capture_stack(world, plan));
}
}  // namespace

void choose_subject(const SubjectOptions& options, CaptureOptions& capture) {
  const auto choose = [&](SubjectKind kind, const std::string& path) {
    capture.kind = kind;
    capture.path = path;
  };
  if (options.process) {
    capture.process = options.process;
    capture.kind = SubjectKind::process;
  }
  if (!options.root.empty()) choose(SubjectKind::root, options.root);
  if (!options.image.empty()) choose(SubjectKind::image, options.image);
  if (!options.environment.empty()) choose(SubjectKind::environment, from_root(options.environment));
}

Result<Stack> stack_of_document(const std::string& file, const Knowledge& knowledge) {
  if (file != "-" && is_text_to_read(file)) {
    Result<ReadText> text = text_at(file, knowledge);
    if (!text) return text.error();
    return std::move(text->stack);
  }
  Result<Document> document = load_document(file);
  if (!document) return document.error();
  if (auto* stack = std::get_if<Stack>(&*document)) return std::move(*stack);
  if (auto* run = std::get_if<Run>(&*document)) return std::move(run->stack);
  return Error{"reading the stack", file, "this document holds no stack", "Give what varve capture or varve run wrote"};
}

Status choose_locked(const World& world, const std::string& file, const Stack& lock, CaptureOptions& plan) {
  constexpr std::pair<std::string_view, SubjectKind> kNamed[] = {
      {"environment ", SubjectKind::environment}, {"root ", SubjectKind::root}, {"image ", SubjectKind::image}};
  if (lock.subject.empty() || lock.subject == "host") return Done{};
  for (const auto& [start, kind] : kNamed) {
    if (!lock.subject.starts_with(start)) continue;
    plan.kind = kind;
    plan.path = lock.subject.substr(start.size());
    if (plan.path.starts_with("~/")) plan.path.replace(0, 1, environment_value(world.environment, "HOME"));
    return Done{};
  }
  return Error{"comparing with a lock", file, "it is of " + lock.subject + ", which has no name to find it by",
               "Name what to compare: a SUBJECT or --pid"};
}

Result<std::vector<NamedSubject>> capture_subjects(const World& world, const CaptureOptions& plan,
                                                   const std::vector<std::string>& named, const Knowledge& knowledge) {
  NamedSubjects subjects;
  for (const std::string& name : named) {
    Result<NamedSubjects> found = capture_named(world, plan, name, knowledge);
    if (!found) return found.error();
    std::move(found->begin(), found->end(), std::back_inserter(subjects));
  }
  if (!subjects.empty() && plan.kind == SubjectKind::host) return subjects;
  Result<Stack> stack = capture_stack(world, plan);
  if (!stack) return stack.error();
  subjects.push_back({std::move(*stack), std::nullopt});
  return subjects;
}

std::string from_root(const std::string& name) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(name, error);
  return error ? name : path.string();
}

}  // namespace varve
