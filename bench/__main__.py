"""`python -m bench`: run the benchmarks, one after the other, and print their tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

from bench import harness, in_process, journal, locust_run, pix, registry, startup, uploads

BENCHMARKS: Mapping[str, Callable[[bool], harness.Report]] = {
    "pix": lambda quick: pix.run(pix.QUICK if quick else pix.Effort()),
    "uploads": lambda quick: uploads.run(uploads.QUICK if quick else uploads.Effort()),
    "registry": lambda quick: registry.run(registry.QUICK if quick else registry.Effort()),
    "journal": lambda quick: journal.run(journal.QUICK if quick else journal.Effort()),
    "in_process": lambda quick: in_process.run(in_process.QUICK if quick else in_process.Effort()),
    "startup": lambda quick: startup.run(startup.QUICK if quick else startup.Effort()),
}
"""What `all` runs."""


def main() -> int:
    """Exit status 1 when a benchmark could not be carried out or an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benchmark", choices=[*BENCHMARKS, "all", "locust"])
    parser.add_argument("--quick", action="store_true", help="few, short rounds; no large upload")
    options = parser.parse_args()
    harness.stop_on_sigterm()
    try:
        if options.benchmark == "locust":
            return locust_run.run(locust_run.QUICK if options.quick else locust_run.Effort())
        names = list(BENCHMARKS) if options.benchmark == "all" else [options.benchmark]
        reports = [_printed(BENCHMARKS[name](options.quick)) for name in names]
    except (harness.BenchmarkError, harness.Unavailable) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return int(any(report.wrong for report in reports))


def _printed(report: harness.Report) -> harness.Report:
    print(report.text, flush=True)
    for line in report.wrong:
        print(f"wrong answers: {line}", file=sys.stderr)
    return report


if __name__ == "__main__":
    sys.exit(main())
