#!/usr/bin/env python3
"""Every finding id in src/ stands in docs/FINDINGS.md or docs/rules/, and the other way round."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
pattern = re.compile(r"VRV-[A-Z]+-[A-Z-]*[A-Z]")
used = {found for path in (root / "src").rglob("*.cc") if not path.stem.endswith("_test")
        for found in re.findall(r'"(VRV-[A-Z]+-[A-Z-]*[A-Z])"', path.read_text())}
pages = [root / "docs/FINDINGS.md", *(root / "docs/rules").glob("*.md")]
listed = {found for page in pages for found in pattern.findall(page.read_text())}
for name in sorted(used - listed):
    print(f"{name} is missing in docs/FINDINGS.md and docs/rules")
for name in sorted(listed - used):
    print(f"{name} is in the documents, and nothing finds it")
sys.exit(1 if used != listed or not used else 0)
