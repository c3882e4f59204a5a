#pragma once
#include <optional>
#include <string>

#include "model/fact.h"
#include "world/files.h"

namespace varve {

// A program that was frozen with its Python and its packages into a folder (PyInstaller's "onedir").
struct FrozenProgram {
  std::string program;      // its starter, which puts `folder` first on LD_LIBRARY_PATH and starts itself again
  std::string folder;       // of libraries, modules and packages: "_internal"
  std::string interpreter;  // its libpython, which the starter opens for all
  Fact python;              // version
};

// In a folder that holds the starter and _internal, or that is both (before PyInstaller 6), or _internal itself. By
// base_library.zip and a libpython. Nothing: none is there. Source: PyInstaller's manual, "What the bundle contains",
// and its starter, bootloader/src/pyi_main.c.
std::optional<FrozenProgram> frozen_program_at(const Files& files, const std::string& directory);

}  // namespace varve
