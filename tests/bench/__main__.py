"""Run every benchmark, or those whose module is named: `python -m tests.bench harvest hook`."""

from __future__ import annotations

import sys

from tests.bench import (
    bench_dispatch,
    bench_harvest,
    bench_hook,
    bench_index,
    bench_memory,
    bench_tui,
    bench_vectors,
)

BENCHMARKS = {
    "harvest": bench_harvest.run,
    "hook": bench_hook.run,
    "index": bench_index.run,
    "dispatch": bench_dispatch.run,
    "vectors": bench_vectors.run,
    "memory": bench_memory.run,
    "tui": bench_tui.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        if name not in BENCHMARKS:
            sys.exit(f"unknown benchmark: {name}; there are {', '.join(BENCHMARKS)}")
        BENCHMARKS[name]()
