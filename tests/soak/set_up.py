"""A whole set-up in a copy of the course: make, pip, uv, and the packages of the first lock, whatever pip is told.

python -m tests.soak.set_up

It is no test of ``make test``, since it needs a package registry.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASKS = "import importlib.util as u; print(u.find_spec('utils').origin, u.find_spec('pytest'))"


def main():
    """Set the copy up; returns the complaints."""
    with tempfile.TemporaryDirectory() as folder:
        course, elsewhere = Path(folder) / "Kurs für #1", Path(folder) / "elsewhere"
        ignored = shutil.ignore_patterns(".*", "build", "__pycache__", "notebooks", "tests")
        shutil.copytree(ROOT, course, ignore=ignored)
        told = {"PIP_TARGET": str(elsewhere), "PIP_USER": "1", "PIP_REQUIRE_HASHES": "1", "UV_SYSTEM_PYTHON": "1"}
        command = ["make", f"PYTHON={sys.executable}", ".venv/ready"]
        if subprocess.run(command, cwd=course, env=os.environ | told, check=False).returncode:
            return ["the copy was not set up"]
        found = subprocess.check_output([course / ".venv/bin/python", "-c", ASKS], cwd=folder, text=True).strip()
        complaints = ["packages went where PIP_TARGET says"] * elsewhere.exists()
        if found != f"{course}/utils/__init__.py None":
            complaints.append(f"utils, and pytest, which students do not need, come from: {found}")
        if b"refresh" not in subprocess.check_output([course / ".venv/bin/course", "--help"]):
            complaints.append("the command course does not list its commands")
        return complaints


if __name__ == "__main__":
    found = main()
    print(f"a set-up in a copy: {len(found)} complaints", *found, sep="\n")
    sys.exit(bool(found))
