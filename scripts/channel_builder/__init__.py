"""Build and serve a real conda channel out of running Pythons and PyPI wheels.

`scripts/local_channel.py` is the command and the names to import; here is one module per noun: `archive`
(the package format), `interpreter` (the `python` package), `wheels` and `requirements` (PyPI to conda), `synthetic`
(packages invented for tests), `store` (the cache), `channel` (the whole) and `server` (HTTP on loopback).
"""
