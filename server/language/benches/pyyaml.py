"""Parses a file with PyYAML's C loader again and again, for the benchmark beside it.

Reads lines of `<times> <path>`, answers each with the nanoseconds that the parsing took,
or with `unreadable` when the file is not YAML. Parsing
alone: the file is in memory before the clock starts, and nothing is made of the result.
"""

import sys
import time

import yaml

for line in sys.stdin:
    times, path = line.rstrip("\n").split(" ", 1)
    with open(path, "rb") as file:
        content = file.read()
    start = time.perf_counter_ns()
    try:
        for _ in range(int(times)):
            for _document in yaml.load_all(content, Loader=yaml.CSafeLoader):
                pass
        print(time.perf_counter_ns() - start, flush=True)
    except yaml.YAMLError:
        print("unreadable", flush=True)
