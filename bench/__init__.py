"""The benchmarks behind PERFORMANCE.md; `python -m bench` runs them, bench/README.md explains."""
