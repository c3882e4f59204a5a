#pragma once
#include "compare/sides/sides.h"

namespace varve {

// Whether the two commands, which are not the same, differ in the content of one file only, and that is recorded: a
// program of machine code, or a file that both name in the same place, in the same folder on both sides. Anything else
// that differs between commands may stand for other packages, threads, processors or files, none of which is recorded.
bool command_follows_from_a_file(const Sides& sides);

// Whether the two commands are one program with one argument of another value, or with one more, and the argument names
// no file: then what it says is all that differs between them. Of a program that runs other code (a shell, an
// interpreter) the file that it runs must stand before it, and be the same.
bool differs_by_one_argument(const Sides& sides);

// Whether the two commands are one program of two Python environments, with the same arguments, and what either could
// import is recorded: "a/bin/python x.py" and "b/bin/python x.py".
bool command_follows_from_an_environment(const Sides& sides);

// Whether, of two such commands, the program is another because its environment is: the interpreters of two versions of
// Python, or two scripts that belong to them, where what the units mapped shows that they are scripts. Two builds of
// one version are not told apart by what is recorded of an environment.
bool program_follows_from_an_environment(const Sides& sides);

// Whether the two commands are one command in two images, of which the items say what they are.
bool command_follows_from_an_image(const Sides& sides);

// Whether PATH and VIRTUAL_ENV differ because the plan gave each side a virtual environment of its own, and what either
// could import is recorded.
bool settings_follow_from_an_environment(const Sides& sides);

// Whether the two are one variant of the plan with other values in the places of names that it scans, and what differs
// so is no program and no file that is recorded by itself. Then the values are the variable, and what they stand in
// follows from them.
bool differs_by_scan_alone(const Sides& sides);

}  // namespace varve
