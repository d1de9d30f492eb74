"""What the README tells people to type."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PROGRAMS = (
    "make", "course", ".venv/bin/course", ".venv\\Scripts\\course", "python", "python3", "papermill", "jupyter",
    "conda", "pip", "dask", "docker",
)  # fmt: skip


def commands():
    """Every command line of README.md, of its blocks and of its sentences, in order."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    block = re.compile(r"^    (.*)$", flags=re.M)
    found = [line.split("  #")[0] for line in block.findall(text)] + re.findall(r"`([^`]+)`", block.sub("", text))
    starts = re.compile(rf"({'|'.join(map(re.escape, PROGRAMS))})( |$)")
    return list(dict.fromkeys(line for line in (" ".join(each.split()) for each in found) if starts.match(line)))


def csv_block():
    """The roster that README.md shows."""
    return re.search(r"^```csv\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)[1]


def make(target, **variables):
    """The command line that runs a target of the Makefile with the Python of the tests: nothing is set up anew."""
    settled = [f"--old-file={name}" for name in (".venv/ready", ".venv/dev")]
    given = [f"{name}={value}" for name, value in variables.items()]
    line = ["make", "--no-print-directory", *settled, f"BIN={BIN}", target, *given]
    recipe = subprocess.run([*line, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "pip install" not in recipe, recipe
    return line
