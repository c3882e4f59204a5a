#!/usr/bin/env python3
"""Runs libvarve-cuda.so in a program without a GPU: a fake libcupti hands out records (fake_cupti.c), and a program
stands for one that uses CUDA (program.c). Looks at what the program does, and at what Varve reads in the spool.

usage: recorder.py VARVE RECORDER CASE      CASE: the name of a function below, without its case_
"""
import json
import os
import pathlib
import re
import resource
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
# Kernel records of CUPTI in four releases: bytes, version of the API (layouts.cc holds the sizes against the headers).
LAYOUTS = {"5": (160, 13), "8": (200, 18), "9": (208, 22), "10": (216, 130201)}
TO_COME = {"larger": (512, 130900)}  # a release that is not there yet
RESULT = (5, "result 42")  # of the program, whatever is recorded


def limit_files(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Ground:
    def __init__(self, varve, recorder, folder):
        self.varve, self.recorder, self.folder = varve, recorder, pathlib.Path(folder)
        self.spools = self.folder / "spools"
        self.spools.mkdir()
        self.build("program", ["-O1"], HERE / "program.c")
        self.build("libcuda.so.1", ["-O1", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"],
                   HERE.parent / "fake_driver" / "fake_cuda.c")
        self.fake("10")

    def build(self, name, flags, source):
        command = ["gcc", *flags, "-o", str(self.folder / name), str(source), "-ldl", "-lpthread"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            print("no C compiler that builds the fake libraries")
            sys.exit(SKIPPED)

    def fake(self, layout):
        size, api = {**LAYOUTS, **TO_COME}[layout]
        self.cupti = self.folder / "libcupti.so.13"
        self.build(self.cupti.name, ["-O2", "-shared", "-fPIC", "-Wl,-soname,libcupti.so.13", f"-DKERNEL_BYTES={size}",
                                     f"-DAPI={api}"], HERE / "fake_cupti.c")

    def run(self, *steps, environment=None, injected=True, limit=None):
        """The program's status and what it wrote."""
        settings = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(self.folder), **(environment or {})}
        if injected:
            settings.update(CUDA_INJECTION64_PATH=str(self.recorder), VARVE_CUDA_SPOOL=str(self.spools))
        done = subprocess.run([str(self.folder / "program"), str(self.cupti), *steps], capture_output=True, text=True,
                              env=settings, timeout=250, check=False,
                              preexec_fn=None if limit is None else lambda: limit_files(limit))
        return done.returncode, done.stdout + done.stderr

    def run_whole(self, *steps, **options):
        """The same for a program that must end as it would without the recorder."""
        status, text = self.run(*steps, **options)
        assert status == RESULT[0] and RESULT[1] in text, (status, text)
        return text

    def files(self):
        return sorted(self.spools.iterdir())

    def clear(self):
        for file in self.files():
            file.unlink()

    def read(self, file=None, *flags):
        """The document that Varve makes of a spool, and its exit status."""
        if file is None:
            files = self.files()
            assert len(files) == 1, files
            file = files[0]
        done = subprocess.run([self.varve, "kernels", "--json", *flags, str(file)], capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode == 4 and "it is empty" in done.stderr:
            return {"profiles": {"seen": [], "absent": []}, "kernels": []}, 4
        assert done.returncode in (0, 3), (done.returncode, done.stderr)
        return json.loads(done.stdout), done.returncode


def rows_of(document, activity="kernel", quantity="device_time"):
    """{name: row} of the profile that CUPTI gave."""
    found = {}
    for profile in document["profiles"]["seen"]:
        if profile["witness"] != "cupti" or profile["quantity"] != quantity:
            continue
        for row in profile["rows"]:
            if row["activity"] == activity:
                found.setdefault(document["kernels"][row["kernel"]]["name"], []).append(row)
    return found


def calls(row):
    return row["count"]


def profile_of(document, quantity="device_time"):
    return next(profile for profile in document["profiles"]["seen"] if profile["quantity"] == quantity)


def reasons(document):
    return " ".join(one["reason"] for one in document["profiles"]["absent"])


def unseen(document):
    return " ".join(profile_of(document).get("unseen", []))


def facts(document):
    return {name: fact["value"] for name, fact in document["sources"][0]["facts"].items()}


def check_total(document, expected):
    found = {name: sum(calls(row) for row in rows) for name, rows in rows_of(document).items()}
    assert found == expected, found


def case_layouts(ground):
    """Records of four releases say the same."""
    for layout in LAYOUTS:
        ground.clear()
        ground.fake(layout)
        ground.run_whole("init", "launch=30000")
        document, status = ground.read()
        assert status == 0, status
        check_total(document, {"kernel_0": 10000, "kernel_1": 10000, "kernel_2": 10000})
        row = rows_of(document)["kernel_0"][0]
        assert (row["block"], row["grid"], row["registers"], row["shared_bytes"]) == ([128, 1, 1], [1, 1, 1], 32, 5120), row
        assert row["stream"] == 7 and row["device"] == 0, row
        # Durations are 1000 + i % 100: kernel_0 has each i that is a multiple of 3.
        assert row["total_ns"] == sum(1000 + i % 100 for i in range(0, 30000, 3)), row
        assert (row["min_ns"], row["max_ns"]) == (1000, 1099), row


def case_everything(ground):
    """Copies, fills, graphs as wholes, JIT, pools; calls and ranges where they are asked for."""
    ground.fake("9")  # of CUDA 12.4, as the driver
    ground.run_whole("open=libcuda.so.1", "init", "launch=100", "rest")
    document, status = ground.read()
    assert status == 0
    assert [calls(row) for row in rows_of(document)["(graph, traced as a whole)"]] == [1]
    copy = rows_of(document, "copy")["Memcpy HtoD (Pinned -> Device)"][0]
    assert (copy["bytes"], copy["total_ns"]) == (4096, 500), copy
    fill = rows_of(document, "fill")["Memset (Device)"][0]
    assert (fill["bytes"], fill["total_ns"]) == (64, 100), fill
    jit = rows_of(document, "call", "call_time")
    assert set(jit) == {"JIT of PTX: compiled", "JIT of PTX: loaded from the cache"}, jit
    assert rows_of(document, "region", "call_time") == {} and rows_of(document, "launch", "call_time") == {}
    told = facts(document)
    assert told["trace.ptx_jit"] == "PTX compiled 1 × (5.000 ms), loaded from the cache 1 ×", told
    assert told["trace.memory_pools"] == ["device 0: 1 made, at most 4194304 bytes, 3145728 of them used"], told
    assert told["driver.api_level"] == "12.4" and told["gpu.models"] == ["Fake GPU"], told
    assert told["trace.cuda_graphs"].startswith("as wholes"), told
    assert "0.001 ms that CUPTI reports of itself" in told["trace.recorder_cost"], told
    assert profile_of(document)["lost"] == 3 and "3 records that CUPTI dropped" in unseen(document)
    ground.clear()
    ground.run_whole("init", "rest", environment={"VARVE_CUDA_RECORD": "calls,ranges,graph-nodes"})
    document, status = ground.read()
    nodes = rows_of(document)["in_graph"][0]
    assert calls(nodes) == 3 and document["sources"][0]["tally"]["kernels_in_graphs"] == 3, nodes
    launches = rows_of(document, "launch", "call_time")
    assert [row["total_ns"] for row in launches["cudaLaunchKernel_v7000"]] == [4000], launches
    waits = rows_of(document, "synchronise", "call_time")
    assert [row["total_ns"] for row in waits["cudaDeviceSynchronize_v3020"]] == [9000], waits
    ranges = rows_of(document, "region", "call_time")
    assert [(row["total_ns"], row["nested_ns"]) for row in ranges["step"]] == [(700, 300)], ranges
    assert [row["total_ns"] for row in ranges["inner"]] == [300], ranges
    assert facts(document)["trace.cuda_graphs"].startswith("kernel by kernel")


def case_odd_times(ground):
    """Records without times, backwards or longer than the recording are counted apart and never summed."""
    ground.run_whole("init", "launch=10", "odd")
    document, _ = ground.read()
    assert [row["total_ns"] for row in rows_of(document)["odd"]] == [70]
    assert profile_of(document)["lost"] == 4
    for sentence in ("2 records without a time", "1 record that ends before it begins", "1 record that is longer"):
        assert sentence in unseen(document), unseen(document)


def case_taken(ground):
    """Another tool holds CUPTI: no evidence, with its name where CUPTI tells it; the program is the same."""
    for layout, said in (("9", "another tool"), ("10", "CUPTI for somebody")):
        ground.clear()
        ground.fake(layout)
        ground.run_whole("init", "launch=100", environment={"FAKE_CUPTI": "taken"})
        document, status = ground.read()
        assert status == 3 and said in reasons(document), (status, reasons(document))


def case_refused(ground):
    """CUPTI records no kernels, is too old, or is not there."""
    for word, said in (("refuses", "CUPTI_ERROR_NOT_INITIALIZED (CUPTI error 15)"), ("old", "older than CUDA 11.0")):
        ground.clear()
        ground.run_whole("init", "launch=100", environment={"FAKE_CUPTI": word})
        document, status = ground.read()
        assert status == 3 and said in reasons(document), (status, reasons(document))
    ground.clear()
    text = ground.run_whole("init", "subscribe", "launch=100", environment={"FAKE_CUPTI": "refuses"})
    assert "subscribe 0" in text, "what records nothing keeps CUPTI from the program's own profiler: " + text
    ground.clear()
    assert "subscribe 39" in ground.run_whole("init", "subscribe", "launch=100")
    ground.clear()
    ground.run_whole("init", "launch=100", environment={"LD_LIBRARY_PATH": "/nowhere"})
    document, status = ground.read()
    assert status == 3 and "no libcupti that serves the driver" in reasons(document), (status, reasons(document))


def case_choice(ground):
    """Beside the runtime before the loader's path; the newest that is not newer than the driver, which offers 12.4."""
    lib = ground.folder / "site" / "nvidia" / "cuda_runtime" / "lib"
    cupti = ground.folder / "site" / "nvidia" / "cuda_cupti" / "lib"
    lib.mkdir(parents=True)
    cupti.mkdir(parents=True)
    runtime = lib / "libcudart.so.12"
    ground.build(str(runtime.relative_to(ground.folder)), ["-shared", "-fPIC"], HERE / "empty.c")
    for name, api in (("libcupti.so.12", 22), ("libcupti.so.12.1", 20), ("libcupti.so.13", 130000), ("libcupti.so.12.9", 28)):
        ground.build(str((cupti / name).relative_to(ground.folder)),
                     ["-O2", "-shared", "-fPIC", f"-DAPI={api}"], HERE / "fake_cupti.c")
    ground.run_whole("open=libcuda.so.1", f"open={runtime}", "init")
    told = facts(ground.read()[0])
    assert told["trace.cupti_version"] == "12.4 (API 22)", told
    assert "cuda_cupti/lib/libcupti.so.12 (beside the CUDA runtime)" in told["trace.cupti_library"], told
    ground.clear()
    (cupti / "libcupti.so.12").unlink()
    (cupti / "libcupti.so.12.1").unlink()
    ground.run_whole("open=libcuda.so.1", f"open={runtime}", "init")  # a newer one of the same major where there is none
    assert facts(ground.read()[0])["trace.cupti_version"] == "12.9 (API 28)"
    ground.clear()
    ground.run_whole("open=libcuda.so.1", f"open={ground.cupti}", f"open={runtime}", "init", "launch=9")
    told = facts(ground.read()[0])  # what is mapped already is taken as it is
    assert "(mapped already)" in told["trace.cupti_library"], told


def case_fork(ground):
    """The child of a fork has nothing of its parent's; what it does on its own goes into a file of its own."""
    text = ground.run_whole("init", "launch=600", "fork", "launch=50", "launch=300")
    assert "child 1280" in text, text  # ended with 5, as its parent
    document, _ = ground.read()
    check_total(document, {"kernel_0": 300, "kernel_1": 300, "kernel_2": 300})
    ground.clear()
    ground.run_whole("launch=1", "fork", "init", "init", "launch=300")
    assert len(ground.files()) == 2, ground.files()


def case_fork_in_flush(ground):
    """A child that is forked while a flush is under way, which holds CUPTI's lock, can use CUPTI itself."""
    settings = {"FAKE_CUPTI": "slow"}
    text = ground.run_whole("init", "launch=300", "sleep=250", "fork", "launch=30", environment=settings)
    assert "child 1280" in text, text


def case_exec(ground):
    """exec keeps the number of the process: a second file, and the first says that its end is not known."""
    ground.run_whole("init", "launch=300", "told=300", "exec", "init", "launch=30")
    files = ground.files()
    assert len(files) == 2 and any(file.name.endswith("-2.spool") for file in files), files
    first, _ = ground.read(min(files, key=lambda file: file.name.count("-")))
    second, _ = ground.read(max(files, key=lambda file: file.name.count("-")))
    check_total(first, {"kernel_0": 100, "kernel_1": 100, "kernel_2": 100})
    assert "ended without its exit handlers" in unseen(first), unseen(first)
    check_total(second, {"kernel_0": 10, "kernel_1": 10, "kernel_2": 10})


def case_sudden_ends(ground):
    """_exit and SIGKILL leave what was flushed before."""
    for step, status in (("_exit", 3), ("kill", -9)):
        ground.clear()
        ended, _ = ground.run("init", "launch=3000", "told=3000", step)
        assert ended == status, ended
        document, told = ground.read()
        assert told == 0
        check_total(document, {"kernel_0": 1000, "kernel_1": 1000, "kernel_2": 1000})
        assert "ended without its exit handlers" in unseen(document), unseen(document)
    ground.clear()
    ground.run("init", "_exit")
    document, status = ground.read()
    assert status == 3 and "exit handlers" in reasons(document), reasons(document)


def case_idle(ground):
    """Nothing launched and an orderly end is a zero; code that was loaded and no kernel is not."""
    ground.run_whole("init")
    document, status = ground.read()
    assert status == 0 and document["sources"][0]["absence"] == "none_launched", document["sources"][0]
    ground.clear()
    ground.run_whole("init", f"module={ground.folder / 'program'}")
    document, status = ground.read()
    assert status == 3 and "although 1 modules of code were loaded" in reasons(document), reasons(document)


def case_not_asked(ground):
    """Without a folder nothing is done, and a folder that is not there changes nothing."""
    ground.run_whole("init", "launch=100", injected=False, environment={"CUDA_INJECTION64_PATH": str(ground.recorder)})
    ground.run_whole("init", "launch=100", environment={}, injected=False)
    settings = {"CUDA_INJECTION64_PATH": str(ground.recorder), "VARVE_CUDA_SPOOL": "/nowhere/at/all"}
    ground.run_whole("init", "launch=100", injected=False, environment=settings)
    assert ground.files() == []


def case_unloaded(ground):
    """A library that is closed by whoever opened it stays: its thread, its handlers and CUPTI's way back are in it."""
    text = ground.run_whole("init", "launch=300", "unload", "told=300", "launch=300", "fork", "launch=30")
    assert "unload 0" in text, text
    check_total(ground.read()[0], {"kernel_0": 200, "kernel_1": 200, "kernel_2": 200})


def case_closed_files(ground):
    """A program that closes every file that it does not know loses nothing."""
    ground.run_whole("init", "launch=300", "told=300", "close", "launch=300")
    check_total(ground.read()[0], {"kernel_0": 200, "kernel_1": 200, "kernel_2": 200})


def case_limited(ground):
    """A limit of file sizes cuts the spool and not the program."""
    for limit in (0, 700, 1500):
        ground.clear()
        ground.run_whole("init", "launch=300", "sleep=300", "launch=300", limit=limit)
        document, _ = ground.read()
        seen = sum(calls(row) for rows in rows_of(document).values() for row in rows)
        assert seen % 100 == 0 and seen <= 600, (limit, seen)  # a flush that is cut may tell of some rows


def case_torn(ground):
    """A spool that ends anywhere is read up to there: no total is larger than that of the whole."""
    ground.run_whole("init", "launch=300", "told=300", "launch=3000", "rest")
    whole = ground.files()[0].read_bytes()
    torn = ground.folder / "torn.spool"
    for cut in range(30, len(whole), max(1, len(whole) // 60)):
        torn.write_bytes(whole[:cut])
        document, status = ground.read(torn)
        if status == 3 and not whole[:cut].endswith((b"\n", b" .")):
            assert "the disk was full" in reasons(document), (cut, reasons(document))
        for name, rows in rows_of(document).items():
            assert sum(calls(row) for row in rows) <= 1100, (cut, name, rows)
    torn.write_bytes(whole[: len(whole) // 2 - 3] + whole[len(whole) // 2:])  # a hole
    ground.read(torn)


def case_to_come(ground):
    """Kinds of records that nobody knows yet, and larger ones of kinds that are known, are walked over."""
    ground.fake("larger")
    ground.run_whole("init", "unknown")
    check_total(ground.read()[0], {"kernel_0": 100, "kernel_1": 100, "kernel_2": 100})


def case_threads(ground):
    """What 64 threads launch at the same time is all there."""
    ground.run_whole("init", "threads=64")
    check_total(ground.read()[0], {f"kernel_{i}": 64 * 1000 for i in range(3)})


def case_busy_ends(ground):
    """A program that forks and ends while other threads launch, at any moment."""
    for wait in range(90, 130, 4):  # the first flush comes after 100 ms
        ground.clear()
        text = ground.run_whole("init", "threads_for_ever=8", f"sleep={wait}", "fork", "sleep=1", f"sleep={wait}")
        assert "child 1280" in text, text
        document, status = ground.read()
        assert status == 0 and sum(calls(row) for rows in rows_of(document).values() for row in rows) > 0, document


def case_lost_folder(ground):
    """The folder of the spool goes away while the program runs."""
    ground.run_whole("init", "launch=300", f"system=rm -r {ground.spools}", "sleep=250", "launch=300")
    assert not ground.spools.exists()


def section_header(name, kind, offset, size):
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)


def cubin_of(function, filling):
    """An ELF file of CUDA's machine with one function, as the driver is handed it."""
    names = b"\0.shstrtab\0.text." + function.encode() + b"\0"
    code = filling * 16
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 190, 1, 0, 0, 64 + len(code) + len(names), 90, 64, 0, 0, 64, 3, 1)
    rows = bytes(64) + section_header(1, 3, 64 + len(code), len(names)) + section_header(11, 1, 64, len(code))
    return header + code + names + rows


def fat_binary_of(cubins):
    """A region of a fat binary (src/binary/gpu_code/fatbin.h): {architecture: cubin}, not compressed."""
    body = b""
    for architecture, cubin in cubins.items():
        cubin = cubin + bytes(-len(cubin) % 8)
        body += struct.pack("<HHIQIIHHIIIQQQ", 2, 0x101, 64, len(cubin), 0, 0, 8, 1, architecture, 0, 0, 0x11, 0, 0) + cubin
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


def case_whose_code(ground):
    """A kernel that ran is of the library that holds its code, of its build, and made for the architecture that ran."""
    ran = cubin_of("kernel_1", b"ran here")
    (ground.folder / "ran.cubin").write_bytes(ran)
    (ground.folder / "fat.bin").write_bytes(fat_binary_of({80: cubin_of("kernel_1", b"did not."), 90: ran}))
    (ground.folder / "gemm.c").write_text(
        f'__asm__(".section .nv_fatbin,\\"a\\"\\n.incbin \\"{ground.folder}/fat.bin\\"\\n.text");int gemm;')
    library = ground.folder / "libgemm.so"
    ground.build(library.name, ["-shared", "-fPIC", "-Wl,--build-id=0x0123456789abcdef"], ground.folder / "gemm.c")
    ground.run_whole(f"open={library}", "init", f"module={ground.folder / 'ran.cubin'}", "launch=30")
    document, _ = ground.read()
    kernels = {kernel["name"]: kernel for kernel in document["kernels"]}
    found = kernels["kernel_1"]
    assert (found["library"], found["build_id"], found["architecture"]) == (str(library), "0123456789abcdef", "sm_90"), found
    assert kernels["kernel_0"]["library"] == "", kernels["kernel_0"]


def case_ranks(ground):
    """What torchrun starts: a file a process, added up as ranks of one job."""
    for rank in range(2):
        ground.run_whole("init", "launch=300", environment={"RANK": str(rank), "WORLD_SIZE": "2"})
    files = [str(file) for file in ground.files()]
    done = subprocess.run([ground.varve, "kernels", "--json", *files], capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    assert sorted(source["rank"] for source in document["sources"]) == [0, 1]
    check_total(document, {"kernel_0": 200, "kernel_1": 200, "kernel_2": 200})


def measured(ground, way, variables, *steps):
    """The document of varve run over the program, and what it said."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(ground.folder), "LD_LIBRARY_PATH": str(ground.folder), **variables}
    command = [ground.varve, "run", "--json", "--units", "2", f"--kernels={way}", "--",
               str(ground.folder / "program"), str(ground.cupti), *steps, "succeed"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=250, check=False)
    assert done.stdout.startswith("{"), (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout), done.stderr


def case_run(ground):
    """varve run: a unit of its own is recorded where libcuda was loaded; a program that is injected is left alone."""
    ground.fake("9")
    steps = ("open=libcuda.so.1", "init", "launch=300", "sleep=30")
    document, _ = measured(ground, "auto", {}, *steps)
    text = json.dumps(document)
    recorded = [unit for unit in document["units"] if "cupti" in json.dumps(unit)]
    assert len(recorded) == 1, [unit.get("role") for unit in document["units"]]
    seen = [one for one in recorded[0]["profiles"]["seen"] if one["witness"] == "cupti"]
    assert len(seen) == 1 and sum(row["count"] for row in seen[0]["rows"]) == 300, seen
    assert "CUPTI, by the recorder in the program" in text and "graphs were recorded as wholes" in text
    document, said = measured(ground, "cuda", {"CUDA_INJECTION64_PATH": "/opt/other/tool.so"}, *steps)
    assert "CUDA_INJECTION64_PATH already: tool.so is left alone" in json.dumps(document) + said, said
    document, _ = measured(ground, "cuda", {"FAKE_CUPTI": "taken"}, *steps)
    assert "CUPTI is in use by another tool" in json.dumps(document)
    document, _ = measured(ground, "cuda", {}, "sleep=30")
    assert "no process initialised CUDA" in json.dumps(document)


def many(ground, records, shapes):
    text = ground.run_whole("init", "names=50", f"shapes={shapes}", f"launch={records}")
    peak = int(re.search(r"peak (\d+)", text)[1])  # KiB
    spool = ground.files()[0]
    cost = dict(re.findall(r"^cost (\w+) (\d+) \.$", spool.read_text(), re.M))
    document, _ = ground.read()
    told = sum(calls(row) for rows in rows_of(document).values() for row in rows)
    print(f"{records} records, {shapes} shapes: peak {peak >> 10} MiB, spool {spool.stat().st_size >> 10} KiB, "
          f"{int(cost['callbacks_ns']) / records:.1f} ns a record in the recorder, {cost['buffers_at_once']} buffers at once")
    assert told + int(cost["no_room"]) == records, (told, cost)
    return peak, spool.stat().st_size


def case_many(ground):
    """Memory and the spool grow with what is different, not with the number of records."""
    peak, size = many(ground, 1_000_000, 1)
    assert peak < 40 << 10 and size < 1 << 20, (peak, size)
    ground.clear()
    peak, size = many(ground, 1_000_000, 4000)  # 200 000 different ones: more than there is room for
    assert peak < 160 << 10 and size < 64 << 20, (peak, size)


def case_fifty_million(ground):
    peak, size = many(ground, 50_000_000, 20)
    assert peak < 60 << 10 and size < 8 << 20, (peak, size)


def main():
    varve, recorder, name = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        globals()["case_" + name](Ground(varve, recorder, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
