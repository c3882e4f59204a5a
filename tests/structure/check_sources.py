#!/usr/bin/env python3
"""Checks how the sources are put together. Each check prints every violation as FILE:LINE: text and fails with 1.

usage: check_sources.py directions SRC   includes go down only, as SRC/floors.txt says
       check_sources.py rooms SRC        no folder is too full, no file name stands for two things
       check_sources.py headers SRC      headers include no third-party header; x.cc includes x.h first
       check_sources.py types SRC        no two types of namespace scope have one name
       check_sources.py length ROOT      no source file is longer than 500 lines
       check_sources.py scripts ROOT     shell scripts parse, are executable and stop at the first error
"""
import os
import pathlib
import re
import subprocess
import sys

LONGEST_FILE = 500
MOST_PRODUCT_FILES = 25  # of a folder, sub-folders apart
LARGEST_SHARE = 0.2      # of all lines of src/, in one floor
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


def read_floors(source):
    """Rows of floors.txt: {floor or floor/room: what it may include beside itself}, in their order."""
    rows = {}
    for line in (source / "floors.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, lower = line.partition(":")
            rows[name] = lower.split()
    return rows


def room_of(path):
    return path.rpartition("/")[0]


def check_directions(source):
    rows = read_floors(source)
    order = {name: index for index, name in enumerate(rows)}
    for name, lower in rows.items():
        for other in lower:
            if other not in rows or order[other] > order[name]:
                yield f"floors.txt:1: {name} names {other}, which is no row above it"
    for path, includes in find_sources(source):
        room, floor = room_of(path), path.split("/")[0]
        if room not in rows:
            yield f"{path}:1: stands in {room or 'src/'}, of which floors.txt has no row"
            continue
        for number, quoted, angled in includes:
            if angled is not None:
                if angled.split("/")[0] in rows and (source / angled).is_file():
                    yield f"{path}:{number}: <{angled}> is the project's own: write it in quotes"
                continue
            target_room, target_floor = room_of(quoted), quoted.split("/")[0]
            if target_room not in rows:
                yield f'{path}:{number}: "{quoted}" is not a path from src/ to one of its folders'
            elif target_floor != floor:
                if target_floor not in rows[floor] and is_product(path):
                    yield f'{path}:{number}: {floor} includes "{quoted}"; floors.txt does not name it below'
                elif order[target_floor] > order[floor]:
                    yield f'{path}:{number}: {floor} includes "{quoted}", which stands above it'
            elif target_room != room and is_product(path) and not is_below(rows, floor, room, target_room):
                yield f'{path}:{number}: {room} includes "{quoted}"; floors.txt does not name that room below'


def is_below(rows, floor, room, target):
    """Inside a floor. Its own files stand above all rooms but those whose row names the floor."""
    if room == floor:
        return floor not in rows[target]
    return target in rows[room]


def is_product(path):
    """Not a test, and no header that only tests include."""
    words = path.rpartition("/")[2].rpartition(".")[0].split("_")
    return "test" not in words and "testing" not in words


def check_rooms(source):
    files, lines, folders_of = {}, {}, {}
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        name = path.relative_to(source).as_posix()
        with open(path, "rb") as file:
            lines[name.split("/")[0]] = lines.get(name.split("/")[0], 0) + sum(1 for _ in file)
        folders_of.setdefault(path.stem, set()).add(room_of(name))
        if is_product(name):
            files[room_of(name)] = files.get(room_of(name), 0) + 1
    for room, count in files.items():
        if count > MOST_PRODUCT_FILES:
            yield f"{room}: holds {count} product files; {MOST_PRODUCT_FILES} is the most: make rooms"
    for floor, count in lines.items():
        if count > LARGEST_SHARE * sum(lines.values()) and len(lines) > 5:
            yield f"{floor}: holds {count} of {sum(lines.values())} lines, more than a fifth: split it"
    for stem, folders in folders_of.items():
        if len(folders) > 1:
            yield f"{stem}: stands in {' and '.join(sorted(folders))}: a name is for one thing"


def is_system_header(name):
    if "/" in name:
        return name.startswith(SYSTEM_FOLDERS)
    return "." not in name or name in SYSTEM_HEADERS


def check_headers(source):
    for path, includes in find_sources(source):
        if not path.endswith(".h"):
            own = path.removesuffix(".cc") + ".h"
            if (source / own).is_file() and (not includes or includes[0][1] != own):
                yield f'{path}:{includes[0][0] if includes else 1}: does not include "{own}" first: it may lean on others'
            continue
        for number, _, angled in includes:
            if angled is not None and not is_system_header(angled) and (path, angled) not in ALLOWED_THIRD_PARTY:
                yield f"{path}:{number}: a header includes the third-party <{angled}>: only .cc files may"


TYPE = re.compile(r"(?:struct|class|union|enum class|enum) (\w+)(?: final)?(?: :| {|$)")  # where it is defined


def check_types(source):
    """All floors share one namespace (docs/adr/0012): a second type of one name would be taken for the first, and
    nothing but a crash at some level of optimisation would say so. Those of unnamed namespaces are their files' own."""
    first_at = {}
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        unnamed = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line == "namespace {" or line == "}  // namespace":
                unnamed = line == "namespace {"
            match = None if unnamed else TYPE.match(line)
            if match:
                where = f"{path.relative_to(source).as_posix()}:{number}"
                first = first_at.setdefault(match[1], where)
                if first != where:
                    yield f"{where}: {match[1]} is the name of another type, at {first}"


def find_project_files(root):
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            foreign = {"node_modules", "fixtures"} & set(path.parts)  # fixtures stand for what others wrote
            if path.is_file() and not path.is_symlink() and not foreign:
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
    checks = {"directions": check_directions, "rooms": check_rooms, "headers": check_headers, "types": check_types,
              "length": check_length, "scripts": check_scripts}
    if len(arguments) != 2 or arguments[0] not in checks:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    name, folder = arguments
    violations = list(checks[name](pathlib.Path(folder)))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
