#!/usr/bin/env python3
"""Runs the ```console blocks of a document again and fails where it no longer tells the truth.

In a block "$ COMMAND" is run by bash, with varve on PATH, in one scratch folder for the whole document; the lines below
it are what must come (stdout and stderr). $SOURCE is the folder of the sources. "…" inside a line stands for anything,
a line "…" for any number of lines.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def blocks(text):
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = step.partition("\n")
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command = command[:-1] + more.lstrip("> ")
            yield command, output


def pattern_of(output):
    parts = []
    for line in output.splitlines():
        parts.append("(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*?") + " *\n")
    return re.compile("".join(parts))


def main():
    program, *documents = sys.argv[1:]
    environment = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", SOURCE=str(SOURCE),
                       PATH=os.path.dirname(os.path.abspath(program)) + ":" + os.environ["PATH"])
    failed = count = 0
    for document in documents:
        with tempfile.TemporaryDirectory() as scratch:
            for command, output in blocks(pathlib.Path(document).read_text()):
                done = subprocess.run(["bash", "-c", command], cwd=scratch, env=environment, text=True, timeout=300,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                count += 1
                if not pattern_of(output).fullmatch(done.stdout):
                    failed += 1
                    print(f"{document}: $ {command}\n-- the document says\n{output}-- the program says\n{done.stdout}")
    print(f"{count} commands, {failed} no longer true")
    sys.exit(1 if failed or count == 0 else 0)


if __name__ == "__main__":
    main()
