#!/usr/bin/env python3
"""The recorder with real libcuptis on a machine without a driver: each refuses in its own way, the program is the same,
and the spool says why. Every library below $VARVE_CUPTI_HEADERS is tried.

usage: real_cupti.py VARVE RECORDER
"""
import os
import pathlib
import sys
import tempfile

import recorder


def main():
    folder = os.environ.get("VARVE_CUPTI_HEADERS", "")
    libraries = sorted({path.parent for path in pathlib.Path(folder).rglob("libcupti.so.*")}) if folder else []
    if not libraries or any(pathlib.Path("/dev").glob("nvidia[0-9]*")):
        print("VARVE_CUPTI_HEADERS is not set or holds no libcupti, or there is a GPU, with which none would refuse")
        return recorder.SKIPPED
    for library in libraries:
        with tempfile.TemporaryDirectory() as scratch:
            ground = recorder.Ground(sys.argv[1], sys.argv[2], scratch)
            ground.run_whole("init", "launch=100", "sleep=200", environment={"LD_LIBRARY_PATH": str(library)})
            document, status = ground.read()
            why = recorder.reasons(document)
            print(f"{library.relative_to(folder)}: {why}")
            assert status == 3 and "CUPTI" in why and "error" in why, (status, why)
    return 0


if __name__ == "__main__":
    sys.exit(main())
