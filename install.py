"""Sets up .venv, the course's own Python environment; make calls this, and without make ``python install.py`` does.

``python install.py dev`` adds what tests, the site and clusters need. Where all is in place, nothing is done.

An environment holds the path of its folder and a link to its Python. Both are recorded in .venv/ready. Where one of
them is another today (the folder was moved or copied, Python was upgraded or removed), the environment is made anew.
"""

import ast
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parent
VENV = COURSE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {"ready": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}

# Of pip's and uv's settings those hold that say where packages come from, none that says where they go.
SOURCES = re.compile(
    r"(PIP|UV)_(.*(INDEX|CERT|TLS|CACHE|HTTP|KEYRING|TIMEOUT|RETRIES|HOST).*|FIND_LINKS|PROXY|OFFLINE|LINK_MODE)"
)


def main(arguments):
    """Set up what is missing; the exit code. ``--this-python`` asks for the Python that runs this, and no other."""
    this_python = "{}.{}".format(*sys.version_info)
    recorded, here = record("ready"), str(COURSE)
    python = python_version()
    fits = recorded.get("folder", here) == here and recorded.get("python", this_python) == python
    if "--this-python" in arguments:
        fits = fits and python == this_python
    try:
        if not fits:
            make_environment(this_python, recorded)
            python = this_python
        for stamp in ("ready", "dev") if "dev" in arguments else ("ready",):
            wanted = {"folder": here, "python": python, "contents": contents(stamp)}
            if record(stamp) != wanted:
                if not os.access(VENV, os.W_OK):
                    raise PermissionError(errno.EACCES, "not yours", str(VENV))
                install(stamp)
                (VENV / stamp).write_text(json.dumps(wanted), encoding="utf-8")
    except KeyboardInterrupt:
        return 130
    except PermissionError as error:
        sys.exit(f"{error.filename} cannot be written by you: whoever owns {COURSE} must run this; or work in a copy.")
    return 0


def record(stamp):
    """What was recorded when this was set up; nothing where it never was, or was by other means."""
    try:
        found = json.loads((VENV / stamp).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def contents(stamp):
    """A digest of the files that say what is to be installed."""
    names = ["pyproject.toml", *LOCKS[stamp], *sorted((COURSE / "jupyter").rglob("*.json"))]
    return hashlib.sha256(b"".join((COURSE / name).read_bytes() for name in names)).hexdigest()


def python_version():
    """The version of the environment's Python, such as "3.12"; None where it does not run."""
    command = [str(PYTHON), "-ISc", "import sys; print('{}.{}'.format(*sys.version_info))"]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def make_environment(this_python, recorded):
    """An environment without packages, in the place of the one that is no more of use."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        sys.exit(
            f"Python {this_python} runs this: TensorFlow needs 3.11, 3.12 or 3.13. Name one: make PYTHON=python3.12 …"
        )
    why = "once"
    if recorded:
        why = f"anew: it was made for Python {recorded.get('python')} in {recorded.get('folder')}"
    print(f"Setting up .venv ({why})", flush=True)
    if not run([sys.executable, "-m", "venv", "--clear", VENV], without(os.environ, "PYTHON", "PIP_")):
        sys.exit("There is no environment: see above for the reason. On Debian and Ubuntu, python3-venv is needed.")


def install(stamp):
    """Install a lock, and with the first one the course."""
    lock = COURSE / LOCKS[stamp][-1]
    print(f"Installing what {lock.name} lists", flush=True)
    environment = settings(os.environ)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON]
    locked = ["--require-hashes", "--requirement", lock]
    is_there = [PYTHON, "-c", "import click" if stamp == "ready" else "import pytest"]

    # uv is several times faster than pip. Where it fails (it reads none of pip's settings, such as an index of one's
    # own), or its own settings lead elsewhere, pip does it.
    if stamp == "ready":
        uv_alone = VENV / "uv.txt"
        uv_alone.write_text(re.search(r"^uv==.*\n(?: .*\n)*", lock.read_text(encoding="utf-8"), re.MULTILINE)[0])
        run([*pip, "--require-hashes", "--requirement", uv_alone], environment)
    done = (run([*uv, *locked], environment) and run(is_there, environment)) or run([*pip, *locked], environment)
    if stamp == "ready":
        done = done and run([*pip, "--no-deps", "--no-build-isolation", "--editable", COURSE], environment)
    if not done:
        sys.exit(
            f"Not all packages of {lock.name} are installed: see above for the reason. They come from a package"
            " registry, and need 2.5 GB here and 1 GB in the cache (UV_CACHE_DIR and PIP_CACHE_DIR name other folders)."
        )


def run(command, environment):
    """Whether a command succeeds."""
    return subprocess.run([str(part) for part in command], env=environment, check=False).returncode == 0


def settings(environment):
    """The environment for pip and uv: of pip's files and of all variables, only what they say of sources."""
    bare = without(environment, "PYTHON", "PIP_", "UV_")
    which = {name: environment[name] for name in ("PIP_CONFIG_FILE",) if name in environment}
    listing = [str(PYTHON), "-m", "pip", "config", "list"]
    listed = subprocess.run(listing, env={**bare, **which}, stdout=subprocess.PIPE, text=True, check=False).stdout
    files = {}
    for section in ("global", "install"):
        for key, value in re.findall(rf"^{section}\.([\w-]+)=(.*)$", listed, re.MULTILINE):
            files["PIP_" + key.upper().replace("-", "_")] = ast.literal_eval(value)
    sources = {name: value for name, value in {**files, **environment}.items() if SOURCES.fullmatch(name)}
    return {**bare, **sources, "PIP_CONFIG_FILE": os.devnull}


def without(environment, *prefixes):
    """An environment without the variables of these prefixes."""
    return {name: value for name, value in environment.items() if not name.startswith(prefixes)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
