#!/usr/bin/env python3
"""What oneDNN says of itself is in no output but what Varve reads: programs that send their output elsewhere, each in a timing unit
and in the unit in which oneDNN is asked. Their torch is a module of a few lines that writes such lines while it is asked to; a file
by the name of a library of oneDNN's is mapped, so that the recorder is tried.

usage: onednn_test.py VARVE
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

VARVE = str(pathlib.Path(sys.argv.pop(1)).resolve()) if len(sys.argv) > 1 else "varve"
LINE = "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,,,64x64:64x64,0.5"

TORCH = """
    import mmap, os, sys, time, types
    __version__ = "2.15.0"
    level = int(os.environ.get("ONEDNN_VERBOSE", "0"))  # as oneDNN, at first: whoever set it for this process
    def set_level(wanted):
        global level
        level = wanted
    if os.environ.get("OLD"):  # a PyTorch without the function
        _C = None
        import ctypes
        environ = ctypes.CDLL(None).getenv
        environ.restype = ctypes.c_char_p
    else:
        _C = types.SimpleNamespace(_verbose=types.SimpleNamespace(mkldnn_set_verbose=set_level))
    _file = open(os.path.join(os.path.dirname(__file__), "libdnnl.so.3"), "rb")
    _code = mmap.mmap(_file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    def compute():
        end = time.time() + 0.1
        while time.time() < end: sum(range(100))  # so that samples find it
        if level or (_C is None and environ(b"ONEDNN_VERBOSE") == b"1"):
            os.write(1, b"LINE\\n")
"""


class Output(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-onednn-"))
        (self.folder / "torch").mkdir()
        (self.folder / "torch" / "__init__.py").write_text(textwrap.dedent(TORCH).replace("LINE", LINE))
        (self.folder / "torch" / "libdnnl.so.3").write_bytes(b"\0" * 8192)

    def tearDown(self):
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    # The run's document, of a timing unit and a recorded one whose outputs are held against each other.
    def run_program(self, text, *flags, shell=None, **variables):
        (self.folder / "program.py").write_text(textwrap.dedent(text))
        command = ["sh", "-c", shell] if shell else [sys.executable, "program.py"]
        environment = dict(os.environ, PYTHONPATH=str(self.folder), PYTHON=sys.executable, **variables)
        done = subprocess.run([VARVE, "run", "--units", "1", "--warmup", "0", "--kernels", "auto", "-o", "run.json", *flags, "--",
                               *command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        self.assertTrue((self.folder / "run.json").exists(), done.stderr)
        return json.loads((self.folder / "run.json").read_text())

    def recorded(self, document):
        units = [unit for unit in document["units"] if unit.get("recording", {}).get("recorder") == "onednn"]
        self.assertEqual(len(units), 1, document["variants"][0]["recorders"])
        self.assertEqual(units[0]["end"]["exit_code"], 0)
        return units[0]

    def assert_seen(self, document, launches):
        unit = self.recorded(document)
        self.assertEqual(unit["recording"].get("no_evidence", ""), "")
        rows = next(profile["rows"] for profile in unit["profiles"]["seen"] if profile["witness"] == "onednn-verbose")
        self.assertEqual(sum(row["count"] for row in rows), launches)

    def assert_equal_outputs(self, document):
        self.assertEqual([check["text"] for check in self.recorded(document)["outputs"]], ["identical"])

    def test_what_is_printed_is_the_programs_own(self):
        document = self.run_program("""
            import torch
            print("loss: 1", end="", flush=True); torch.compute(); print(" and 2", flush=True); torch.compute(); print("end")
        """, "--same-output", "-")
        self.assert_seen(document, 2)
        self.assert_equal_outputs(document)

    def test_a_shell_that_sends_it_to_a_file(self):
        document = self.run_program("""
            import torch
            torch.compute(); print("result")
        """, "--same-output", "out.txt", shell='"$PYTHON" program.py > out.txt')
        self.assertIn("elsewhere", self.recorded(document)["recording"]["no_evidence"])
        self.assert_equal_outputs(document)
        self.assertEqual((self.folder / "out.txt").read_text(), "result\n")

    def test_a_program_that_does_so_itself_for_a_while(self):
        for old in ("", "1"):
            document = self.run_program("""
                import os, sys, torch
                torch.compute()
                out = os.open("out.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
                kept = os.dup(1)
                os.dup2(out, 1)
                torch.compute(); print("result", flush=True)
                os.dup2(kept, 1)
                torch.compute(); print("end")
            """, "--same-output", "out.txt", OLD=old)
            self.assert_seen(document, 2)
            self.assert_equal_outputs(document)
            self.assertEqual((self.folder / "out.txt").read_text(), "result\n")

    def test_a_child_whose_output_is_parsed(self):
        document = self.run_program("""
            import subprocess, sys, torch
            torch.compute()
            child = "import torch; torch.compute(); print(42)"
            print(int(subprocess.run([sys.executable, "-c", child], stdout=subprocess.PIPE).stdout))
            subprocess.run([sys.executable, "-c", child], check=True)
        """, "--same-output", "-")
        self.assert_seen(document, 2)
        self.assert_equal_outputs(document)

    def test_one_that_asks_for_them_itself_keeps_them(self):
        document = self.run_program("""
            import torch
            torch.compute(); print("end", flush=True)
        """, "--same-output", "-", ONEDNN_VERBOSE="1")
        self.assert_seen(document, 1)
        self.assert_equal_outputs(document)


if __name__ == "__main__":
    unittest.main(verbosity=2)
