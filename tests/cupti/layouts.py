#!/usr/bin/env python3
"""Compiles layouts.cc against the headers of every release of CUPTI below $VARVE_CUPTI_HEADERS.

usage: layouts.py COMPILER ROOT
"""
import os
import pathlib
import re
import subprocess
import sys

SKIPPED = 77


def main():
    compiler, root = sys.argv[1], pathlib.Path(sys.argv[2])
    folder = os.environ.get("VARVE_CUPTI_HEADERS", "")
    headers = sorted(pathlib.Path(folder).rglob("cupti_activity.h")) if folder else []
    if not headers:
        print("VARVE_CUPTI_HEADERS is not set, or holds no cupti_activity.h: nothing to compare with")
        return SKIPPED
    here, wrong = root / "tests" / "cupti", 0
    for header in headers:
        version = re.search(r"#define CUPTI_API_VERSION (\d+)", (header.parent / "cupti_version.h").read_text())[1]
        done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{root / 'src'}", f"-I{here / 'stubs'}",
                               "-isystem", str(header.parent), str(here / "layouts.cc")],
                              capture_output=True, text=True, check=False)
        print(f"API {version}: {'the same' if done.returncode == 0 else done.stderr}")
        wrong += done.returncode != 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
