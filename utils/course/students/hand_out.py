"""Writing the files to hand out: each student's notebooks in a zip file, and the answer key that stays behind."""

import json
import re
from copy import deepcopy

import nbformat

from utils import questions
from utils.course.storage.input_files import Mistake
from utils.course.storage.spreadsheets import csv_text
from utils.course.storage.store import FolderStore, write
from utils.course.storage.zip_files import zipped
from utils.course.students.signature import exam_mark, signed
from utils.course.students.variants import Variants
from utils.notebook_files.reading import tagged
from utils.notebook_files.returned import VARIANT_CELL, VARIANT_COMMENT

COLUMNS = ("student", "name", "group", "notebook", "question", "parameters", "answer")
KEY = "answer_key.csv"


def write_hand_out(sources, students, secret, out):
    """Write ``students/ID.zip`` for each student and the answer key; returns a sentence for each notebook left out."""
    usable, complaints = [], []
    for source in sources:
        try:
            _no_answers(source.notebook)
            usable.append((source.name, Variants(source.notebook, {}).checked()))
        except Mistake as error:
            complaints.append(f"{source.name}: {error}")
    store, rows = FolderStore(out), [COLUMNS]
    for student in students:
        notebooks = {}
        for name, variants in usable:
            values = variants.drawn(secret, student.id)
            asked = list(variants.asked(values))
            record = signed(secret, student.id, name, values, asked)
            notebooks[name] = _handed_out(variants.notebook, values, record, exam_mark(secret, student.id, name))
            for _, question in asked:
                data = question.parameters, questions.plain(question.answer)
                plain = [json.dumps(each, ensure_ascii=False) for each in data]
                rows.append((student.id, student.name, student.group, name, question.id, *plain))
        files = {f"{student.id}/{name}.ipynb": nbformat.writes(each) for name, each in notebooks.items()}
        write(store, f"students/{student.id}.zip", zipped(files))
    store.write(KEY, csv_text(rows), mode=0o600)
    store.sweep()
    return complaints


def _no_answers(notebook):
    for each in tagged(notebook, "answer"):
        if not re.search(r"^answer = None\b", each.source, flags=re.MULTILINE):
            raise Mistake(
                f"the cell that asks {each.metadata.get('question')} holds an answer: 'answer = None' is needed"
            )


def _handed_out(notebook, values, record, exam):
    """The notebook as a student gets it: the variant set in a cell below the parameters, ``record`` in the metadata.

    ``exam`` is what makes it an exam, in the same cell, which the kernel sees; ``None`` if nothing does.
    """
    from papermill.parameterize import parameterize_notebook

    copy = deepcopy(notebook)
    if values or exam:
        copy.metadata.papermill = {}
        for each in copy.cells:
            each.metadata.setdefault("tags", [])  # papermill looks for its tag in each
        copy = parameterize_notebook(copy, values, comment=VARIANT_COMMENT)
        cell = tagged(copy, "injected-parameters")[0]
        cell.id = VARIANT_CELL
        if exam:
            cell.source += f'{questions.EXAM} = "{exam}"  # {questions.EXAM_SENTENCE} Leave this line.\n'
        del copy.metadata["papermill"]
        for each in copy.cells:
            if not each.metadata.tags:
                del each.metadata["tags"]
    copy.metadata["course"] = nbformat.from_dict({**copy.metadata.get("course", {}), **record})
    return copy
