"""Benchmarks: measured on a real server, a real channel and real kernels; see README.md."""
