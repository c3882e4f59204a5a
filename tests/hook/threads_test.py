#!/usr/bin/env python3
"""The start-up hook of recording units in programs that compute on other threads than the main one, with a PyTorch whose profiler
shows every thread, and with one whose profiler shows the thread that opens it.

usage: threads_test.py HOOK [PYTHON…]      without PYTHON this one runs
"""
import sys
import unittest

from fake_frameworks import TORCH, TORCH_OF_EVERY_THREAD
from hooked_program import WORK, Program, run_in_each, tells_of_forks

PYTHONS = sys.argv[2:] or [sys.executable]


class Threads(unittest.TestCase):
    python = PYTHONS[0]

    # Its main thread waits in a lock, and comes round to nothing.
    THREAD = """
import threading, torch
log = torch.autograd.profiler.log
def other():
    end = time.time() + 60
    while "disable" not in log and time.time() < end: work(0.1)
def main():
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
"""

    def test_a_window_shows_every_thread_where_pytorch_can(self):
        program = Program(TORCH_OF_EVERY_THREAD, window=(0.3, 0.3))
        done = program.run(self.python, WORK + self.THREAD + "main()\nprint(log)")
        self.assertEqual(done.stdout.strip(), "['prepare', 'enable', 'disable']")
        self.assertEqual(program.names(), ["facts", "hook", "opened"])
        self.assertEqual(program.read("opened"), "every thread")

    def test_it_is_started_by_the_thread_that_imports_where_pytorch_does_not(self):
        for held, started in ((False, "[]"), (True, "['prepare', 'enable', 'disable']")):
            program = Program(TORCH_OF_EVERY_THREAD, window=(100, 1) + (0,) * held)
            done = program.run(self.python, "import torch\nprint(torch.autograd.profiler.log)")
            self.assertEqual(done.stdout.strip(), started)
            self.assertEqual(program.names(), ["facts"])

    def test_how_much_other_threads_did_is_told_where_pytorch_cannot_show_them(self):
        program = Program(TORCH, window=(0.3, 0.5))
        program.run(self.python, WORK + self.THREAD + "threading.Thread(target=other).start()\nother()")
        self.assertEqual(program.read("opened"), "main thread")
        if sys.version_info >= (3, 8):
            self.assertGreater(float(program.read("others")), 0.05)

    def test_a_window_of_every_thread_is_closed_at_forks_and_at_the_end(self):
        program = Program(TORCH_OF_EVERY_THREAD, window=(0, 60))
        done = program.run(self.python, WORK + """
import os, threading
seen = []  # by a child before it has a window of its own
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: seen.append(log.count("enable") - log.count("disable")))
import torch
log = torch.autograd.profiler.log
while "enable" not in log: work(0.01)
def fork():
    child = os.fork()
    if child == 0: os._exit(seen[0] if seen else 0)
    print(os.waitpid(child, 0)[1])
thread = threading.Thread(target=fork)
thread.start()
thread.join()
fork()
""")
        self.assertEqual(done.stdout.split(), ["0", "0"])
        self.assertEqual(len(list(program.out.glob("hook_*.json"))), 1)

    # In a forked child Kineto may wait for what a thread of its parent had.
    def test_a_window_that_never_opens_keeps_no_program_from_ending(self):
        program = Program(TORCH_OF_EVERY_THREAD, window=(0, 1))
        begun = program.monotonic()
        done = program.run(self.python, WORK + """
import torch
torch.autograd.profiler.profile._prepare_trace = lambda _: time.sleep(1000)
work(2.5)
print("done")""")
        self.assertEqual(done.stdout, "done\n")
        self.assertLess(program.monotonic() - begun, 60)
        self.assertEqual(program.names(), ["facts"])

    def test_another_threads_profiler_finds_room(self):
        program = Program(TORCH, window=(0.2, 5))
        done = program.run(self.python, WORK + """
import threading, torch.profiler
log = torch.autograd.profiler.log
def other():
    with torch.profiler.profile(): pass
work(3)
thread = threading.Thread(target=other)
thread.start()
work(1)
thread.join()
print(log)""")
        self.assertEqual(done.stdout.strip(), "['prepare', 'enable', 'disable', 'prepare', 'enable', 'disable']")
        self.assertEqual(program.facts()["own_profiler"], True)

    def test_a_main_thread_that_never_comes_round_costs_the_window_only(self):
        program = Program(TORCH, window=(0.2, 0.2))
        done = program.run(self.python, """
            import os, threading, torch
            def end():
                import time
                time.sleep(2.5)
                os._exit(7)
            threading.Thread(target=end).start()
            lock = threading.Lock(); lock.acquire(); lock.acquire()
        """, expect=7)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    sys.exit(run_in_each(Threads, PYTHONS))
