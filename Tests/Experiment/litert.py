"""One line of JSON: LiteRT's shortest run of a model in milliseconds, and the memory it takes at most, in kB.

usage: litert.py MODEL RUNS
"""

import json
import sys
import time

import numpy
from ai_edge_litert.interpreter import Interpreter


def peak_memory():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])


bare = peak_memory()
interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
for detail in interpreter.get_input_details():
    interpreter.set_tensor(detail["index"], numpy.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
times = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    interpreter.invoke()
    times.append(time.perf_counter() - start)
print(json.dumps({"min_ms": min(times) * 1e3, "peak_rss_kb": peak_memory(), "bare_rss_kb": bare}))
