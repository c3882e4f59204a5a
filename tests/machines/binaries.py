"""Tiny shared libraries and programs, made by gcc from a short description, with what a reader of ELF files looks at:
SONAME, NEEDED, RUNPATH, symbols and their versions, names that are opened late, CUDA's version constants, fat binaries.

library(into, {...}) writes one. Fields, all optional:
  soname      text                      needed     [names]            runpath, rpath  text ("$ORIGIN/../lib")
  defines     [symbols]                 undefined  [symbols]; "name@VERSION" asks for a version, made through a helper
  version     text: all symbols it defines have this symbol version
  forgets     [names]: what it needed when it was linked, and has no NEEDED entry for
  opens       [names]: texts in its read-only data, as for dlopen
  api         "12.4": the constants and the texts that a libcuda or a CUDA runtime of that version has
  runtime     the same, with the texts that only a CUDA runtime carries
  getters     {"cublasLtGetVersion": 120408}: functions that return a number
  texts       [texts] in its read-only data
  cubins      ["80", "90a"]             ptx        [["9.0", "8.4"]]: target, PTX version
  program     true: an executable that exports its symbols (a Python)
  machine     "aarch64": not made by gcc: only a header and what was asked for as bytes
Files are kept by what they were made from, so the same library is compiled once.
"""

import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

_KEPT = pathlib.Path(os.environ.get("VARVE_MADE_LIBRARIES", pathlib.Path(tempfile.gettempdir()) / f"varve-made-{os.getuid()}"))


def library(into, spec=None):
    spec = spec or {}
    key = hashlib.sha256(json.dumps([_RECIPE, spec], sort_keys=True).encode()).hexdigest()[:24]
    kept = _KEPT / key
    if not kept.exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT) as folder:
            made = _make(pathlib.Path(folder), spec)
            os.replace(made, kept)
    into = pathlib.Path(into)
    into.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, into)
    into.chmod(0o755)


_RECIPE = 5  # raise it when what a description makes changes


def number_of(cuda):
    major, minor = cuda.split(".")[:2]
    return 1000 * int(major) + 10 * int(minor)


def _c_text(text):
    return json.dumps(text)


def _source(spec):
    lines = []
    for symbol in spec.get("defines", []):
        lines.append(f"int {symbol}(void) {{ return 0; }}")
    calls = []
    for i, name in enumerate(spec.get("undefined", [])):
        symbol, _, version = name.partition("@")
        if version:
            lines.append(f'extern int varve_asked_{i}(void); __asm__(".symver varve_asked_{i},{symbol}@{version}");')
            calls.append(f"varve_asked_{i}")
        else:
            lines.append(f"extern int varve_asked_{i}(void) __asm__({_c_text(symbol)});")
            calls.append(f"varve_asked_{i}")
    for name, number in spec.get("getters", {}).items():
        lines.append(f"unsigned long {name}(void) {{ return {number}; }}")
    cuda = spec.get("api") or spec.get("runtime")
    if cuda:
        # Through the first argument and back, as cuDriverGetVersion does it; the constant stands in the code twice.
        for name in ("cuDriverGetVersion", "varve_same") if spec.get("api") else ("cudaRuntimeGetVersion", "varve_same"):
            lines.append(f"int {name}(int* into) {{ *into = {number_of(cuda)}; return 0; }}")
    texts = list(spec.get("opens", [])) + list(spec.get("texts", []))
    if spec.get("runtime"):
        texts += ["cudaErrorInsufficientDriver", "CUDA driver version is insufficient for CUDA runtime version"]
    for i, text in enumerate(texts):
        lines.append(f"static const char varve_text_{i}[] __attribute__((used)) = {_c_text(text)};")
    if calls:
        lines.append("int varve_calls(void) { return " + " + ".join(f"{call}()" for call in calls) + "; }")
    if spec.get("program"):
        lines.append("int main(void) { return 0; }")
    return "\n".join(lines) + "\n"


def _run(arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}\n{done.stderr}")


def _make(folder, spec):
    made = folder / "made.so"
    if spec.get("machine"):
        made.write_bytes(_bare_elf(spec))
        return made
    (folder / "x.c").write_text(_source(spec))
    command = ["gcc", "-O2", "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-o", made, folder / "x.c"]
    if spec.get("program"):
        command += ["-rdynamic", "-fPIE", "-pie", "-nostdlib", "-nostartfiles", "-Wl,-e,main"]
    else:
        command += ["-shared", "-fPIC", "-nostdlib", "-Wl,--hash-style=gnu"]
    if spec.get("soname"):
        command += [f"-Wl,-soname,{spec['soname']}"]
    if spec.get("runpath"):
        command += ["-Wl,--enable-new-dtags", f"-Wl,-rpath,{spec['runpath']}"]
    if spec.get("rpath"):
        command += ["-Wl,--disable-new-dtags", f"-Wl,-rpath,{spec['rpath']}"]
    if spec.get("version"):
        (folder / "map").write_text(f"{spec['version']} {{ *; }};\n")
        command += [f"-Wl,--version-script={folder / 'map'}"]
    code = fat_binary(spec.get("cubins", []), spec.get("ptx", []))
    if code:
        (folder / "code").write_bytes(code)
        (folder / "code.s").write_text(f'.section .nv_fatbin,"a"\n.balign 8\n.incbin "{folder / "code"}"\n')
        command += [folder / "code.s"]
    command += ["-Wl,--no-as-needed", f"-L{folder}"]
    # What it needs is there while it is linked, with the versions that it asks for.
    wanted = {}
    for name in spec.get("undefined", []):
        symbol, _, version = name.partition("@")
        if version:
            wanted.setdefault(version, []).append(symbol)
    needed = list(spec.get("needed", []))
    for version, symbols in wanted.items():
        owner = spec.get("version_of", {}).get(version, version)
        if owner not in needed:
            needed.append(owner)
        _stand_in(folder, owner, symbols, version)
    for name in needed:
        if not (folder / name).exists():
            _stand_in(folder, name, [], "")
        command += [f"-l:{name}"]
    _run(command)
    if spec.get("forgets"):
        made.write_bytes(_without_needed(made.read_bytes(), spec["forgets"]))
    return made


def _without_needed(image, names):
    """NEEDED entries for these names made into ones that mean nothing to a loader (DT_DEBUG)."""
    image = bytearray(image)
    start, size, count = struct.unpack_from("<Q", image, 32)[0], *struct.unpack_from("<HH", image, 54)
    segments = [struct.unpack_from("<IIQQQQ", image, start + i * size) for i in range(count)]
    table, length = next((row[2], row[5]) for row in segments if row[0] == 2)
    rows = [(at, *struct.unpack_from("<QQ", image, at)) for at in range(table, table + length, 16)]
    address = next(value for _, tag, value in rows if tag == 5)
    texts = next(row[2] + address - row[3] for row in segments if row[0] == 1 and row[3] <= address < row[3] + row[5])
    for at, tag, value in rows:
        if tag == 1 and image[texts + value:image.index(b"\0", texts + value)].decode() in names:
            struct.pack_into("<Q", image, at, 21)
    return bytes(image)


def _stand_in(folder, name, symbols, version):
    (folder / "s.c").write_text("".join(f"int {symbol}(void) {{ return 0; }}\n" for symbol in symbols))
    command = ["gcc", "-shared", "-fPIC", "-nostdlib", "-o", folder / name, folder / "s.c", f"-Wl,-soname,{name}"]
    if version:
        (folder / "s.map").write_text(f"{version} {{ *; }};\n")
        command += [f"-Wl,--version-script={folder / 's.map'}"]
    _run(command)


def _entry(kind, target, version, payload):
    flags = 0x11
    if target.endswith("a"):
        flags |= 0x100000
    if target.endswith("f"):
        flags |= 0x200000
    number = int(target.rstrip("af"))
    major, minor = (int(part) for part in version.split("."))
    payload = payload + b"\0" * (-len(payload) % 8)
    return struct.pack("<HHIQIIHHIIIQQQ", kind, 0x0101, 64, len(payload), 0, 0, minor, major, number, 0, 0, flags, 0, 0) + payload


def fat_binary(cubins, ptx):
    """One region with a cubin for every target and PTX for every pair of target and PTX version."""
    if not cubins and not ptx:
        return b""
    body = b"".join(_entry(2, target, "1.8", _bare_elf({"machine": 190, "sections": {".text._Z1kPf": b"\x33" * 128, ".nv.info": b"\x22" * 128}}))
                    for target in cubins)
    for target, version in ptx:
        text = f".version {version}\n.target sm_{target}\n.address_size 64\n.visible .entry k()\n{{\nret;\n}}\n"
        body += _entry(1, target, version, text.encode() + b"\0")
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


_MACHINES = {"aarch64": 183, "x86_64": 62}


def _bare_elf(spec):
    """A shared library with sections, one segment and nothing that a loader would need."""
    machine = _MACHINES.get(spec["machine"], spec["machine"])
    sections = dict(spec.get("sections", {".text": b"\0" * 16}))
    names, data, rows = b"\0", b"", [b"\0" * 64]
    start = 64 + 56
    for name, content in list(sections.items()) + [(".shstrtab", None)]:
        at = len(names)
        names += name.encode() + b"\0"
        content = names if content is None else content
        flags = 6 if name.startswith(".text") else 2
        kind = 3 if name == ".shstrtab" else 1
        rows.append(struct.pack("<IIQQQQIIQQ", at, kind, flags, 0, start + len(data), len(content), 0, 0, 8, 0))
        data += content + b"\0" * (-len(content) % 8)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + b"\0" * 9, 3, machine, 1, 0, 64, start + len(data), 0, 64, 56,
                         1, 64, len(rows), len(rows) - 1)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, start + len(data), start + len(data), 4096)
    return header + segment + data + b"".join(rows)


def loader_cache(rows):
    """/etc/ld.so.cache as glibc 2.32 and later write it (sysdeps/generic/dl-cache.h): rows of (SONAME, path)."""
    header, row = 48, 24
    strings, offsets = b"", {}
    base = header + row * len(rows)
    for text in [part for pair in rows for part in pair[:2]]:
        if text not in offsets:
            offsets[text] = base + len(strings)
            strings += text.encode() + b"\0"
    body = b"".join(struct.pack("<iIIIQ", pair[2] if len(pair) > 2 else 0x0303, offsets[pair[0]], offsets[pair[1]], 0, 0) for pair in rows)
    return struct.pack("<20sIIB3sI12s", b"glibc-ld.so.cache1.1", len(rows), len(strings), 2, b"", 0, b"") + body + strings
