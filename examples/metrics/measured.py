"""A benchmark in Python that imports and warms up for longer than it measures."""
import time

import varve


def work(seconds):
    done, end = 0, time.process_time() + seconds
    while time.process_time() < end:
        done += 1
    return done


work(0.5)  # imports, compiling, warm-up
with varve.measure("turns/s") as measured:
    measured.work = work(0.2)
