#!/usr/bin/env python3
"""What `varve check --image` says of images whose layers hide, replace and remove libraries, against what runs there.

    images.py VARVE    VARVE_REAL_VENVS: a folder with venv-torch212 and venv-torch215; VARVE_REAL_DRIVERS: one with 550

An image has a program that is linked with a real libcudart and, above it, a layer that leaves it alone, replaces it, removes
it, hides its folder, or puts a real libcuda before the machine's. Each as an OCI layout and as docker save writes it, with
plain, gzip and zstd layers. The witness is the program itself in the unpacked tree (chroot, as root): whether it starts. All
six forms must say so, and must say the same as `--root` of that tree. Exits 1 when an answer disagrees, 77 when there is
nothing to compare.
"""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PROGRAM = r"""
#include <stdio.h>
int cudaGetDeviceCount(int*);
int main(void) { int count = 0; printf("answers %d\n", cudaGetDeviceCount(&count)); return 0; }
"""
MACHINES = [("580.95.05", "A100"), ("470.256.02", "A100")]
RUNTIME, COMPAT = "usr/local/lib/libcudart.so.12", "usr/local/cuda/compat/libcuda.so.1"


def tar_of(entries):
    """A text is where a link leads."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in entries.items():
            row = tarfile.TarInfo(name)
            if isinstance(content, str):
                row.type, row.linkname = tarfile.SYMTYPE, content
                archive.addfile(row)
                continue
            row.size, row.mode = len(content), 0o755
            archive.addfile(row, io.BytesIO(content))
    return made.getvalue()


def compressed(layer, how):
    if how == "gzip":
        return gzip.compress(layer, 1)
    return layer if how == "plain" else subprocess.run(["zstd", "-q", "-c"], input=layer, capture_output=True, check=True).stdout


def write_layout(folder, layers, how, config):
    """An OCI layout."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content, media):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": "application/vnd.oci.image." + media, "digest": "sha256:" + digest, "size": len(content)}

    media = "layer.v1.tar" + ("" if how == "plain" else "+" + how)
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"),
                "layers": [blob(compressed(layer, how), media) for layer in layers]}
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def write_saved(path, layers, how, config):
    """What docker save writes."""
    entries = {"config.json": json.dumps(config).encode()}
    entries.update({f"{number}.tar": compressed(layer, how) for number, layer in enumerate(layers)})
    manifest = [{"Config": "config.json", "RepoTags": ["made/image:1"], "Layers": [name for name in entries if name != "config.json"]}]
    path.write_bytes(tar_of({"manifest.json": json.dumps(manifest).encode(), **entries}))


def unpack(root, layers):
    for layer in layers:
        for name, content in layer.items():
            path = root / name
            if path.name == ".wh..wh..opq":
                shutil.rmtree(path.parent, ignore_errors=True)
            elif path.name.startswith(".wh."):
                (path.parent / path.name[4:]).unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, str):
                    path.symlink_to(content)
                    continue
                path.write_bytes(content)
                path.chmod(0o755)


def judged(varve, subject, machine):
    done = subprocess.run([varve, "check", *subject, "--driver", machine[0], "--gpu", machine[1], "--json"], capture_output=True,
                          text=True, timeout=300)
    document = json.loads(done.stdout)
    consumers = sorted((row["name"], row["state"], tuple((a["question"], a["state"]) for a in row["answers"]))
                       for row in document["consumers"])
    loud = sorted({row["id"] for row in document["findings"] if row["severity"] != "note"})
    return done.returncode, consumers, loud


def first_layer(folder, runtime):
    (folder / "program.c").write_text(PROGRAM)
    (folder / "libcudart.so.12").write_bytes(runtime)
    subprocess.run(["gcc", "-o", folder / "program", folder / "program.c", "-L", folder, "-l:libcudart.so.12",
                    "-Wl,-rpath,/usr/local/lib"], check=True)
    layer = {"usr/local/bin/program": (folder / "program").read_bytes(), RUNTIME: runtime}
    listed = subprocess.run(["ldd", folder / "libcudart.so.12"], capture_output=True, text=True, check=True).stdout
    for path in re.findall(r"(/\S+) \(0x", listed):
        layer[path[1:]] = Path(path).read_bytes()
    return layer


def main():
    varve = str(Path(sys.argv[1]).resolve())
    venvs, drivers = os.environ.get("VARVE_REAL_VENVS"), os.environ.get("VARVE_REAL_DRIVERS")
    if not venvs or not drivers or os.geteuid() != 0 or not all(map(shutil.which, ("gcc", "zstd", "ldd"))):
        print("VARVE_REAL_VENVS, VARVE_REAL_DRIVERS, root, gcc, ldd and zstd are needed")
        return 77
    packages = "lib/python3.11/site-packages/nvidia"
    old = (Path(venvs) / "venv-torch212" / packages / "cuda_runtime/lib/libcudart.so.12").read_bytes()
    new = (Path(venvs) / "venv-torch215" / packages / "cu13/lib/libcudart.so.13").read_bytes()
    compat = next((Path(drivers) / "550").rglob("libcuda.so.1")).resolve()
    cases = {"left alone": {"etc/note": b"nothing"}, "replaced": {RUNTIME: new}, "removed": {"usr/local/lib/.wh.libcudart.so.12": b""},
             "folder hidden": {"usr/local/lib/.wh..wh..opq": b""},
             "compat": {f"{os.path.dirname(COMPAT)}/{compat.name}": compat.read_bytes(), COMPAT: compat.name},
             "compat copied": {COMPAT: compat.read_bytes()}}
    answers = disagree = 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        base = first_layer(folder, old)
        for case, above in cases.items():
            root = folder / case
            unpack(root, [base, above])
            ran = subprocess.run(["chroot", root, "/usr/local/bin/program"], capture_output=True, text=True)
            starts = ran.returncode == 0
            print(f"{case}: the program {'starts' if starts else 'fails'}: {(ran.stdout + ran.stderr).strip()[:120]}")
            config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
                      "config": {"Env": ["LD_LIBRARY_PATH=/" + os.path.dirname(COMPAT)] if case.startswith("compat") else []}}
            layers = [tar_of(base), tar_of(above)]
            for machine in MACHINES:
                wanted = judged(varve, ["--root", str(root)], machine)
                for how in ("plain", "gzip", "zstd"):
                    layout, saved = folder / f"{case} {how}", folder / f"{case} {how}.tar"
                    if not layout.exists():
                        write_layout(layout, layers, how, config)
                        write_saved(saved, layers, how, config)
                    for subject in (layout, saved):
                        said = judged(varve, ["--image", str(subject)], machine)
                        rows = [row for row in said[1] if row[0] == "/usr/local/bin/program"]
                        sees = len(rows) == 1 and (dict(rows[0][2]).get("libraries") != "broken") == starts
                        # The variables of a root are not known: there the compat library is one that is not looked at.
                        same = "VRV-FORWARD-OLDER" in said[2] or machine[0] < "550" if case.startswith("compat") else said == wanted
                        answers += 1
                        if not sees or not same:
                            disagree += 1
                            print(f"  DISAGREES {subject.name} on {machine[0]}:\n    {said}\n    {wanted}")
    print(f"{answers} answers, {disagree} disagree")
    return 1 if disagree else 0


if __name__ == "__main__":
    sys.exit(main())
