#!/usr/bin/env python3
"""Checks how the sources are put together. Each check prints every violation as FILE:LINE: text and fails with 1.

usage: check_sources.py directions SRC FLOOR...   includes go down only; floors from the bottom up
       check_sources.py headers SRC               headers include no third-party header
       check_sources.py length ROOT               no source file is longer than 500 lines
       check_sources.py scripts ROOT              shell scripts parse, are executable and stop at the first error
"""
import os
import pathlib
import re
import subprocess
import sys

LONGEST_FILE = 500
SOURCE_FOLDERS = ("src", "examples", "bench", "fuzz", "tests", "scripts", "cmake", ".ci", "web")
SOURCE_SUFFIXES = (".cc", ".h", ".c", ".py", ".sh", ".cmake", ".css", ".ts", ".js")
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>)')

# Headers with a dot or a slash in their name that belong to the C library or the Linux kernel, beside sys/, linux/ …
SYSTEM_FOLDERS = ("sys/", "linux/", "asm/", "arpa/", "net/", "netinet/")
SYSTEM_HEADERS = {
    "cpuid.h", "dirent.h", "dlfcn.h", "elf.h", "errno.h", "fcntl.h", "fnmatch.h", "glob.h", "grp.h", "inttypes.h",
    "link.h", "netdb.h", "poll.h", "pthread.h", "pty.h", "pwd.h", "sched.h", "signal.h", "spawn.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "syscall.h", "termios.h", "time.h", "unistd.h", "utmp.h",
}
# docs/adr/0002: JSON's forward declarations are the one exception.
ALLOWED_THIRD_PARTY = {("base/json.h", "nlohmann/json_fwd.hpp")}


def find_sources(folder):
    """C++ files below the folder, as (path relative to it, list of (line number, quoted or None, angled or None))."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        includes = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                includes.append((number, match[1], match[2]))
        yield path.relative_to(folder).as_posix(), includes


def check_directions(source, floors):
    height = {floor: index for index, floor in enumerate(floors)}
    for path, includes in find_sources(source):
        floor = path.split("/")[0]
        if floor not in height:
            yield f"{path}:1: stands in no folder of the list of floors ({', '.join(floors)})"
            continue
        for number, quoted, angled in includes:
            if angled is not None:
                if angled.split("/")[0] in height and (source / angled).is_file():
                    yield f"{path}:{number}: <{angled}> is the project's own: write it in quotes"
                continue
            target = quoted.split("/")[0]
            if "/" not in quoted or target not in height:
                yield f'{path}:{number}: "{quoted}" is not a path from src/ to one of its folders'
            elif height[target] > height[floor]:
                yield f'{path}:{number}: {floor} includes "{quoted}", which stands above it'


def is_system_header(name):
    if "/" in name:
        return name.startswith(SYSTEM_FOLDERS)
    return "." not in name or name in SYSTEM_HEADERS


def check_headers(source):
    for path, includes in find_sources(source):
        if not path.endswith(".h"):
            continue
        for number, _, angled in includes:
            if angled is not None and not is_system_header(angled) and (path, angled) not in ALLOWED_THIRD_PARTY:
                yield f"{path}:{number}: a header includes the third-party <{angled}>: only .cc files may"


def find_project_files(root):
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and "node_modules" not in path.parts:
                yield path


def is_shell_script(path):
    with open(path, "rb") as file:
        first = file.readline(200)
    return re.match(rb"#!.*\b(ba)?sh\b", first) is not None


def check_length(root):
    for path in find_project_files(root):
        if path.suffix not in SOURCE_SUFFIXES and path.name != "CMakeLists.txt" and not is_shell_script(path):
            continue
        with open(path, "rb") as file:
            lines = sum(1 for _ in file)
        if lines > LONGEST_FILE:
            yield f"{path.relative_to(root)}:{lines}: has {lines} lines; {LONGEST_FILE} is the most: split it"


def check_scripts(root):
    for path in find_project_files(root):
        if not is_shell_script(path):
            continue
        name = path.relative_to(root)
        if not os.access(path, os.X_OK):
            yield f"{name}:1: is not executable"
        done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"{name}:1: bash cannot parse it: {done.stderr.strip()}"
        if "\nset -euo pipefail\n" not in path.read_text(encoding="utf-8"):
            yield f"{name}:1: lacks a line \"set -euo pipefail\""


def main(arguments):
    checks = {"directions": check_directions, "headers": check_headers, "length": check_length,
              "scripts": check_scripts}
    if len(arguments) < 2 or arguments[0] not in checks:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    name, folder, *floors = arguments
    folder = pathlib.Path(folder)
    violations = list(checks[name](folder, floors) if name == "directions" else checks[name](folder))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
