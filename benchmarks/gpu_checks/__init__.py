"""What ``benchmarks/gpu.py`` checks; each check runs in a process of its own."""
