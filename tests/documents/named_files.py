#!/usr/bin/env python3
"""The files and folders that a document names in backticks exist. usage: named_files.py ROOT DOCUMENT..."""
import pathlib
import re
import sys

NAMED = re.compile(r"`((?:src|data|schema|tests|docs|bench|fuzz|scripts|cmake)(?:/[\w.\-]+)*/?)`")


def missing(root, document):
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        for name in NAMED.findall(line):
            if not (root / name).exists():
                yield f"{document.name}:{number}: {name} does not exist"


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[0])
    named = sum(len(NAMED.findall(pathlib.Path(one).read_text(encoding="utf-8"))) for one in arguments[1:])
    found = [problem for one in arguments[1:] for problem in missing(root, pathlib.Path(one))]
    for problem in found:
        print(problem)
    return 1 if found or named == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
