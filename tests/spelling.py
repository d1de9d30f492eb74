"""Checks the spelling of all that people read, with codespell: ``python -m tests.spelling``, which ``make lint`` calls.

That is Markdown, in files and in notebooks, what notebooks have printed, and the comments, docstrings and other texts
of Python files; not the names in code. codespell's own dictionaries hold common mistakes and British spellings, and
``terms.txt`` holds the words that the course writes in another way. A word that is right all the same stands in
``RIGHT``; code in backticks is not read.
"""

import io
import re
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
TERMS = ROOT / "tests" / "terms.txt"
RIGHT = ("writeable",)  # NumPy's own name
# Code, titles of papers as they are, data of pictures.
NOT_READ = r"`[^`\n]+`|\b\w+=|Towards understanding|[\w+/=]{60,}"
TEXTS = {"COMMENT", "STRING", "FSTRING_MIDDLE"}
NAME = re.compile(r"[\"'][\w.-]+[\"']")  # a text of one word is a name in code
PLACEHOLDER = re.compile(r"\{[^{}\n]*\}")


def main(root=ROOT):
    """Print what is misspelled under ``root``; the exit code, 0 where nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts(root):
            place = Path(folder, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        command = [
            sys.executable, "-m", "codespell_lib", "--builtin", "clear,rare,en-GB_to_en-US",
            "--dictionary", "-", "--dictionary", str(TERMS), "--ignore-words-list", ",".join(RIGHT),
            "--ignore-regex", NOT_READ,
        ]  # fmt: skip
        return subprocess.run(command, cwd=folder, check=False).returncode


def texts(root):
    """Pairs of a place and its text. A notebook's cell has a place of its own: ``notebooks/01_….ipynb/1b2c3d4e``."""
    for path in files(root):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            for cell in nbformat.reads(text, as_version=4).cells:
                yield f"{name}/{cell.id}", of_cell(cell)
        else:
            yield name, of_python(text) if path.suffix == ".py" else text


def files(root):
    """The files that people read, as git knows them; those that it does not know yet, too."""
    listing = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, capture_output=True, check=True).stdout.decode().split("\0")
    kinds = (".py", ".ipynb", ".md", ".html", ".yml", ".yaml", ".cff")
    return sorted(root / name for name in names if name.endswith(kinds) and (root / name).is_file())


def of_cell(cell):
    """Markdown, or what a code cell has printed."""
    if cell.cell_type != "code":
        return cell.source
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def of_python(source):
    """The comments and texts of Python code, each in its own line, and blanks where the code was."""
    lines = [[] for _ in source.splitlines()] + [[]]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind in TEXTS and not NAME.fullmatch(token.string):
            # Until Python 3.12 a formatted text holds its code.
            is_formatted = kind == "STRING" and "f" in token.string.split(token.string[-1])[0].lower()
            text = PLACEHOLDER.sub(" ", token.string) if is_formatted else token.string
            text = text.strip("\"'")  # codespell takes an apostrophe for a part of a word
            for number, line in enumerate(text.splitlines(), token.start[0] - 1):
                lines[number].append(line)
    return "\n".join(" ".join(line) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
