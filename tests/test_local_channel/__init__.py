"""Tests of `scripts/local_channel.py`."""
