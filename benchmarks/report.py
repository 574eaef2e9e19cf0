"""``python -m benchmarks.report``: the README's table and plots anew, from the results as they are."""

from benchmarks.__main__ import RESULTS
from benchmarks.reporting import write_report

if __name__ == "__main__":
    write_report(RESULTS)
