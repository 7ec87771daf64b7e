"""Benchmarks as ratios in one run; `python -m tests.bench` prints one line each: name value unit."""
