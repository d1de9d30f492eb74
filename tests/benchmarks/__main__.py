"""All benchmarks: ratios measured interleaved, printed and written to build/bench.json.

python -m tests.benchmarks
"""

import json
import sys
from pathlib import Path

import utils  # sets TensorFlow's environment before any benchmark imports it
from tests.benchmarks import ten_thousand_variants, training

complaints = ten_thousand_variants.main()
rows = training.benchmarks()
for row in rows:
    print(f"{row['name']:<40} {row['ratio']:5.1f}×   target {row['target']}×   runs {len(row['runs'])}")
out = Path(utils.__file__).parents[1] / "build" / "bench.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
print(*complaints, sep="\n")
sys.exit(bool(complaints))
