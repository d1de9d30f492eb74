"""All benchmarks, or those named: ratios measured interleaved, printed and written to build/bench.json.

python -m tests.benchmarks [training …]
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import utils  # sets TensorFlow's environment before any benchmark imports it

# Each has benchmarks(), which yields rows: name, ratio, target (None: for comparison only), runs.
RATIOS = ("training", "kernels", "seeing_inside", "explorers", "batches")
VARIANTS = "ten_thousand_variants"  # has main(), which returns complaints
OUT = Path(utils.__file__).parents[1] / "build" / "bench.json"


def main(names):
    """Run the benchmarks of these names, all by default; return the complaints.

    Each has a process of its own: what one imports or leaves in memory is nothing to the next, and one that fails ends
    no other.
    """
    if unknown := set(names) - {VARIANTS, *RATIOS}:
        return [f"{', '.join(sorted(unknown))}: one of {', '.join((VARIANTS, *RATIOS))} is needed"]
    if len(names) == 1:
        return benchmark(*names)
    commands = {name: [sys.executable, "-m", "tests.benchmarks", name] for name in names or (VARIANTS, *RATIOS)}
    return [f"{name}: failed, see above" for name, command in commands.items() if subprocess.run(command).returncode]


def benchmark(name):
    """Run one here; return the complaints."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    if name == VARIANTS:
        return module.main()
    print(f"\n{name}", flush=True)
    rows, began = [], time.monotonic()
    for row in module.benchmarks():
        print(line(row), flush=True)
        keep(name, rows := [*rows, row])
    print(f"  in {(time.monotonic() - began) / 60:.1f} min", flush=True)
    return []


def line(row):
    wanted = "" if row["target"] is None else f"   target {row['target']:g}×"
    limit = f"   limit {row['limit']:.1f}×" if "limit" in row else ""
    missed = "   MISSED" if row["target"] is not None and row["ratio"] < row["target"] else ""
    peak = f"   {row['of_peak']:.1%} of the peak" if "of_peak" in row else ""
    processor = f"   {row['of_processor']:.1f}× of processor" if "of_processor" in row else ""
    beside = f"   runs {len(row['runs'])}{processor}{peak}{limit}{missed}"
    return f"{row['name']:<76}{row['ratio']:7.1f}×{wanted:<16}{beside}"


def keep(name, rows):
    """Write the rows to build/bench.json, beside those of the benchmarks that did not run this time."""
    others = []
    if OUT.is_file():
        others = [
            row for row in json.loads(OUT.read_text(encoding="utf-8")) if row.get("benchmark") not in (name, None)
        ]
    OUT.parent.mkdir(exist_ok=True)
    rows = others + [row | {"benchmark": name} for row in rows]
    OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    found = main(sys.argv[1:])
    print(*found, sep="\n")
    sys.exit(bool(found))
