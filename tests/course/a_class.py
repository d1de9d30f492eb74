"""Forty made-up students, what real ones do to their files, and how platforms pack what was handed in.

The names that the platforms give to files are those of their own code.
"""

import io
import json
import re
import zipfile
from copy import deepcopy

import nbformat

from utils.course.students.roster import Student
from utils.notebook_files.reading import tagged

# Logins and names: some logins are other people's names, and some names are made of the same words or letters.
NAMES = {
    "ada": "Ada Example", "bo": "Bo Example", "max": "Max Born", "mmueller": "Max Müller", "anna": "Anna Koch",
    "koch2": "Anna-Lena Koch", "eoneil": "Éamon O'Neil", "al": "Ann Lee", "ann": "Lee Ann", "leeann": "Leeann Kim",
    "dk1": "दीपा कुमार", "dl": "דנה לוי", "jlt": "Jean-Luc de la Tour", "t1": "Two Names", "t2": "Two Names",
    "an": "Nguyễn Văn An", "suharto": "Ayu Suharto", "s18": "Suharto", "silva": "María Silva", "silva2": "Maria Silva",
    "o.brien": "Siobhán O’Brien", "li": "Li Wei", "wei": "Wei Li", "rosa": "Rosa van den Berg", "berg": "Van Berg",
    "jr": "J. R. Smith", "smith": "Jr. Smith", "ümit": "Ümit Yılmaz", "strauss": "Johann Strauß",
    "mary": "Mary-Jane Watson", "mj": "Mary Jane Watson", "ivan": "Иван Петров", "olga": "Ольга",
    "zed": "Zed Example (he/him)", "cy@example.org": "Cy Example", "A17": "Dee Example", "eve_2": "Eve Example",
    "fay": "Fay Under_Score", "gus": "Gus 3rd Example", "copy": "Hal Copy",
}  # fmt: skip
SAME_WORDS = {"al", "ann", "t1", "t2", "li", "wei"}
SAME_LETTERS = SAME_WORDS | {"jr", "smith", "mary", "mj"}  # which is all that Canvas writes of a name


def students(ids):
    """The class; ``ids`` are "logins", the university's "numbers", or in a roster that is "the platform's"."""
    for at, (login, name) in enumerate(NAMES.items()):
        numbers = {"canvas": str(4700 + at), "moodle": str(900 + at)} if ids == "the platform's" else {}
        yield Student(f"{7000 + 37 * at:06}" if ids == "numbers" else login, name, f"Team {at // 2}", **numbers)


def code(source, **more):
    return nbformat.v4.new_code_cell(source, **more)


def changed(change):
    """A habit: the notebook under its name, after this was done to it."""

    def habit(mine, its):
        notebook = deepcopy(mine)
        return {f"{its.name}.ipynb": change(notebook) or notebook}

    return habit


def under(*names):
    """A habit: the notebook under these names."""
    return lambda mine, its: {each.format(its.name): mine for each in names}


def text(change):
    """A habit: the notebook's file after this was done to its text."""
    return lambda mine, its: {f"{its.name}.ipynb": change(nbformat.writes(mine))}


def zipped(**files):
    """The bytes of a zip file: name → content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, as_bytes(content))
    return packed.getvalue()


def in_a_zip(*names, **more):
    """A habit: a zip file with the notebook under these names, and more beside it."""
    return lambda mine, its: {
        "work.zip": zipped(
            **{each.format(its.name): mine for each in names}, **{k.format(its.name): v for k, v in more.items()}
        )
    }


def as_bytes(content):
    content = nbformat.writes(content) if isinstance(content, dict) else content
    return content.encode() if isinstance(content, str) else content


def from_colab(notebook):
    """As Colab gives it back: other metadata, other ids, and those elsewhere."""
    notebook.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook.nbformat_minor = 0
    for at, cell in enumerate(notebook.cells):
        del cell["id"]
        cell.metadata = {"id": f"x{at}"}


def from_another_editor(notebook):
    """No tags and other ids, as where cells are pasted into a new notebook."""
    for at, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"p{at}"


def answer_cells(notebook):
    return tagged(notebook, "answer")


def split(notebook):
    """The line of each answer in a cell of its own above the check."""
    for cell in answer_cells(notebook):
        lines = cell.source.split("\n")
        at = next(n for n, line in enumerate(lines) if line.startswith("answer ="))
        cell.source = "\n".join(lines[at + 1 :])
        notebook.cells.insert(notebook.cells.index(cell), code("\n".join(lines[: at + 1])))


def merged(notebook):
    """All answers and checks in one cell."""
    first, *others = answer_cells(notebook)
    first.source = "\n".join(each.source for each in (first, *others))
    notebook.cells = [each for each in notebook.cells if each not in others]


def moved(notebook):
    """The answer cells at the end, the last one first."""
    own = answer_cells(notebook)
    notebook.cells = [each for each in notebook.cells if each not in own] + own[::-1]


def copied(notebook):
    """Answers in copies of the cells, and the cells themselves as they were."""
    for cell in answer_cells(notebook):
        notebook.cells.append(code(cell.source))
        cell.source = re.sub(r"^answer = .*", "answer = None", cell.source, flags=re.M)


def cut_down(notebook):
    """Nothing left but the variant and the answers."""
    notebook.cells = [each for each in notebook.cells if each in answer_cells(notebook) or each.id == "your-variant"]


def in_words(notebook):
    """Numbers as on paper: "= 4,608", "≈ 0,1406"."""
    for cell in answer_cells(notebook):
        number = re.search(r"^answer = ([\d.]+)$", cell.source, flags=re.M)
        if number:
            value = number[1]
            shown = f"≈ {float(value):.4f}".replace(".", ",") if "." in value else f"= {int(value):,}"
            cell.source = cell.source.replace(f"answer = {value}", f'answer = "{shown}"')


def with_typographic_quotes(notebook):
    for cell in answer_cells(notebook):
        cell.source = re.sub(r"^answer = '(.*)'", r"answer = “\1”", cell.source, flags=re.M)


def timed(notebook):
    for cell in answer_cells(notebook):
        cell.source = f"%%time\n{cell.source}"


def tried_twice(notebook):
    """The line that was there left above the answer."""
    for cell in answer_cells(notebook):
        cell.source = re.sub(r"^(answer = .*)", r"answer = None  # try\n\1", cell.source, flags=re.M)


def by_another_name(notebook):
    for cell in answer_cells(notebook):
        cell.source = re.sub(r"^answer = (.*)", r"result = \1\nanswer = result\nprint(answer)", cell.source, flags=re.M)


def without_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def in_format_3(written):
    """As notebooks were before 2015."""
    cells = [
        {
            "cell_type": "code",
            "input": each["source"],
            "language": "python",
            "metadata": each["metadata"],
            "outputs": [],
        }
        for each in json.loads(written)["cells"]
        if each["cell_type"] == "code"
    ]
    metadata = json.loads(written)["metadata"]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": metadata, "worksheets": [{"cells": cells}]})


def earlier(mine):
    """The notebook when only its first answer stood in it."""
    notebook = deepcopy(mine)
    for cell in answer_cells(notebook)[1:]:
        cell.source = re.sub(r"^answer = .*", "answer = None", cell.source, flags=re.M)
    return notebook


HABITS = {
    "as it is": under("{}.ipynb"),
    "a photograph instead": lambda mine, its: {"IMG_2041.JPG": b"\xff\xd8"},
    "no metadata": changed(lambda notebook: notebook.metadata.pop("course", None) and None),
    "back from Colab": changed(from_colab),
    "pasted into a new notebook": changed(from_another_editor),
    "with a byte order mark": text(lambda written: "\ufeff" + written),
    "in UTF-16": text(lambda written: written.encode("utf-16")),
    "Windows's line ends": text(lambda written: written.replace("\n", "\r\n").replace("\\n", "\\r\\n")),
    "in format 3": text(in_format_3),
    "without ids": changed(without_ids),
    "renamed by the browser": under("{}.ipynb.txt"),
    "downloaded twice": under("{}.ipynb", "{} (1).ipynb"),
    "a copy in Jupyter": under("{}-Copy1.ipynb"),
    "handed in again": under("{}-1.ipynb"),  # so Canvas calls the second attempt
    "renamed": under("Übung 3 – Lösung.ipynb"),
    "in other letters": lambda mine, its: {its.name.replace("_", " ").upper() + ".ipynb": mine},
    "with the hand-out": lambda mine, its: {f"{its.name}.ipynb": mine, f"{its.name} (old).ipynb": its.hand_out},
    "with an earlier one": lambda mine, its: {f"{its.name}.ipynb": mine, f"{its.name}-checkpoint.ipynb": earlier(mine)},
    "with a page of it": lambda mine, its: {f"{its.name}.ipynb": mine, f"{its.name}.html": "<html>"},
    "with another's": lambda mine, its: {f"{its.name}.ipynb": mine, f"ada_{its.name}.ipynb": its.friend_s},
    "zipped on Windows": in_a_zip("mine\\{}.ipynb", **{"mine\\.ipynb_checkpoints\\{}-checkpoint.ipynb": "{}"}),
    "zipped on a Mac": in_a_zip("mine/{}.ipynb", **{"__MACOSX/mine/._{}.ipynb": b"\x00\x05"}),
    "zip in zip": lambda mine, its: {"all.zip": zipped(**in_a_zip("{}.ipynb")(mine, its))},
    "cells split": changed(split),
    "cells merged": changed(merged),
    "cells moved": changed(moved),
    "cells copied": changed(copied),
    "cut down": changed(cut_down),
    "numbers as on paper": changed(in_words),
    "typographic quotes": changed(with_typographic_quotes),
    "timed": changed(timed),
    "tried twice": changed(tried_twice),
    "by another name": changed(by_another_name),
    "a checkpoint only": lambda mine, its: {
        "work.zip": zipped(**{f".ipynb_checkpoints/{its.name}-checkpoint.ipynb": mine})
    },
    "an empty file": lambda mine, its: {f"{its.name}.ipynb": b""},
    "a PDF instead": lambda mine, its: {f"{its.name}.pdf": b"%PDF-1.7"},
    "a page instead": lambda mine, its: {f"{its.name}.html": "<html>"},
    "packed otherwise": lambda mine, its: {"work.tar.gz": b"\x1f\x8b"},
    "in a friend's notebook": lambda mine, its: {f"{its.name}.ipynb": its.friend_s},
    "an archive of nothing": lambda mine, its: {"work.zip": b"PK\x05\x06" + bytes(18)},
}  # fmt: skip
NO_NOTEBOOK = {
    "an empty file",
    "a photograph instead",
    "a checkpoint only",
    "a PDF instead",
    "a page instead",
    "packed otherwise",
    "an archive of nothing",
}
FRIEND_S = "in a friend's notebook"
