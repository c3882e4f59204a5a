#!/usr/bin/env python3
"""Whether a library that other programs load (libvarve-cuda.so, libvarve-marks.so) can be loaded into any program: no library but
glibc's, no symbol newer than glibc 2.17, and nothing exported but the one function by which it is entered.

usage: built_file.py LIBRARY FUNCTION
"""
import re
import shutil
import subprocess
import sys

NEWEST = (2, 17)


def read(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    library = sys.argv[1]
    if shutil.which("readelf") is None:
        print("no readelf")
        return 77
    wrong = []
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", read("readelf", "-dW", library)))
    if not needed <= {"libc.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-aarch64.so.1"}:
        wrong.append(f"it needs {sorted(needed)}")
    if not {"libdl.so.2", "libpthread.so.0"} <= needed:
        wrong.append("before glibc 2.34 dlopen and pthread_create stand in libraries that it does not name")
    if "NODELETE" not in read("readelf", "-dW", library):
        wrong.append("it may be unloaded while its thread runs")
    for version in re.findall(r"Name: (GLIBC_\S+)", read("readelf", "-VW", library)):
        numbers = tuple(int(part) for part in re.findall(r"\d+", version))
        if numbers[:2] > NEWEST:
            wrong.append(f"it needs {version}")
    symbols = read("readelf", "--dyn-syms", "-W", library)
    rows = [line.split() for line in symbols.splitlines() if re.match(r"\s*\d+:", line)]
    defined = [row[7] for row in rows if len(row) > 7 and row[6] != "UND" and row[4] in ("GLOBAL", "WEAK")]
    if defined != [sys.argv[2]]:
        wrong.append(f"it exports {defined}")
    foreign = [row[7] for row in rows if len(row) > 7 and row[6] == "UND" and re.match(r"_Z|cu[A-Zp]|__asan|__ubsan", row[7])]
    if foreign:
        wrong.append(f"it wants {foreign}")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
