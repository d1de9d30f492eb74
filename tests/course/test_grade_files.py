"""Files that came back are read as Jupyter reads them, within bounds, in a process that may die of them."""

import io
import json
import os
import struct
import unicodedata
import zipfile
from pathlib import Path

import nbformat
import pytest
from a_hand_out import BN, type_in, write

from utils.course.hand_ins import reader
from utils.course.hand_ins.collect import DEEPEST, collected
from utils.course.hand_ins.owners import Owners
from utils.course.hand_ins.reader import Reader
from utils.course.students.roster import Student
from utils.notebook_files import archives
from utils.notebook_files.archives import LARGEST_FILE, Refused
from utils.notebook_files.returned import Answered, answered
from utils.records import ANSWER

CLASS = [Student("ada", "Ada Example"), Student("bo", "Bo Example")]  # made up


@pytest.fixture(scope="module")
def notebook(handed_out):
    """Ada's notebook 03 with one answer, as JSON."""
    mine = handed_out.notebook("ada", BN)
    type_in(mine, "bn-inference", '"moving"')
    return nbformat.writes(mine)


def found_in(*paths):
    return collected(paths, Owners(CLASS), {BN: set()})


def answers(content):
    """What is typed for bn-inference in these bytes."""
    return [cell.typed["bn-inference"].value for cell in answered(content).cells if "bn-inference" in cell.typed]


def changed(change):
    def result(text):
        parsed = json.loads(text)
        cell = next(each for each in parsed["cells"] if each["metadata"].get("question") == "bn-inference")
        change(parsed, cell)
        return parsed

    return result


BREACHES = {
    "nothing": changed(lambda notebook, cell: None),
    "no outputs": changed(lambda notebook, cell: cell.pop("outputs")),
    "no execution count": changed(lambda notebook, cell: cell.pop("execution_count")),
    "an odd execution count": changed(lambda notebook, cell: cell.update(execution_count="3")),
    "a word too many": changed(lambda notebook, cell: cell.update(hidden=True)),
    "a word too many in the notebook": changed(lambda notebook, cell: notebook.update(signature="x")),
    "tags that are a text": changed(lambda notebook, cell: cell["metadata"].update(tags="answer")),
    "tags twice": changed(lambda notebook, cell: cell["metadata"].update(tags=["answer", "answer"])),
    "source in one piece": changed(lambda notebook, cell: cell.update(source="".join(cell["source"]))),
    "an id too long": changed(lambda notebook, cell: cell.update(id="x" * 65)),
    "an id with a blank": changed(lambda notebook, cell: cell.update(id="a b")),
    "no id": changed(lambda notebook, cell: cell.pop("id")),
    "the same id twice": changed(lambda notebook, cell: [each.update(id="same") for each in notebook["cells"]]),
    "ids before there were ids": changed(lambda notebook, cell: notebook.update(nbformat_minor=4)),
    "a minor version to come": changed(lambda notebook, cell: notebook.update(nbformat_minor=99)),
    "an odd output": changed(lambda notebook, cell: cell.update(outputs=[{"output_type": "stream", "text": "x"}])),
    "an unknown output": changed(lambda notebook, cell: cell.update(outputs=[{"output_type": "thing"}])),
    "data that is a text": changed(
        lambda notebook, cell: cell.update(outputs=[{"output_type": "display_data", "metadata": {}, "data": {"a": 1}}])
    ),
    "an odd kernel": changed(lambda notebook, cell: notebook["metadata"].update(kernelspec={"name": 3})),
    "an odd language": changed(lambda notebook, cell: notebook["metadata"].update(language_info={})),
    "attachments of code": changed(lambda notebook, cell: cell.update(attachments={})),
}


@pytest.mark.filterwarnings(
    "ignore::nbformat.warnings.DuplicateCellId", "ignore::nbformat.warnings.MissingIDFieldWarning"
)
@pytest.mark.parametrize("change", BREACHES.values(), ids=BREACHES)
def test_what_jupyter_opens_is_read(notebook, change):
    text = json.dumps(change(notebook))
    nbformat.reads(text, as_version=4)  # as Jupyter's server does: it raises where Jupyter opens nothing
    assert answers(text.encode()) == ["moving"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_notebook_may_be_in_any_unicode(notebook, encoding):
    assert answers(notebook.encode(encoding)) == ["moving"]


def test_a_notebook_of_format_3_is_read(notebook):
    parsed = json.loads(notebook)
    cells = [
        {"cell_type": "code", "input": "".join(each["source"])}
        for each in parsed["cells"]
        if each["cell_type"] == "code"
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    assert answers(json.dumps(old).encode()) == ["moving"]


HOSTILE = {
    "null": b"null",
    "a number": b"1",
    "version 1": b'{"nbformat": 1, "cells": [{"code": 3}]}',
    "a version that is none": b'{"nbformat": true, "nbformat_minor": [[]], "cells": 3}',
    "a heading of format 3": b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 1e30}]}]}',
    "cells in cells": b'{"cells": [[[[]]], null, 3, {"cell_type": [], "source": {"a": 3}, "outputs": {}}]}',
    "worksheets": b'{"worksheets": {"cells": 3}}',
    "brackets": b"[" * 10**6,
    "digits": b'{"cells": ' + b"9" * 10**6 + b"}",
    "nothing": b"",
    "blanks": b" \n",
    "halves of characters": b'{"cells": [{"source": "answer = \\"\\ud800\\"", "metadata": {"question": "\\ud800"}}]}',
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_notebook_is_refused_or_empty_and_ends_nothing(tmp_path, content):
    put_in = tmp_path / "ada" / f"{BN}.ipynb"
    put_in.parent.mkdir()
    put_in.write_bytes(content)
    found = found_in(tmp_path)
    assert len(found.left_out) + len(found.returned) == 1
    json.dumps([each.reason for each in found.left_out]).encode()


def test_names_that_browsers_make_are_those_of_notebooks(notebook, tmp_path):
    for name in (".ipynb.txt", ".ipynb.json", " (1).ipynb", ".ipynb (2)", "-Copy1.ipynb", ".ipynb.download", ".IPYNB"):
        write(tmp_path, f"ada/x{name}/{BN}{name}", notebook.encode())
    found = found_in(tmp_path)
    assert len(found.returned) == 7
    assert found.left_out == []


def test_a_renamed_notebook_says_itself_which_it_is(notebook, tmp_path):
    write(tmp_path, "ada/my work.ipynb", notebook.encode())
    assert [each.notebook for each in found_in(tmp_path).returned] == [BN]


def zip_with(*entries, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return packed.getvalue()


def test_zip_files_made_elsewhere_are_read(notebook, tmp_path):
    decomposed = unicodedata.normalize("NFD", "é")
    windows = zip_with((f"s\\{BN}.ipynb", notebook), (f"s\\.ipynb_checkpoints\\{BN}-checkpoint.ipynb", "{}"))
    mac = zip_with((f"xx/{BN}.ipynb", notebook), (f"__MACOSX/xx/._{BN}.ipynb", b"\x00"))
    mac = mac.replace(b"xx/", decomposed.encode()[:2] + b"/")  # UTF-8, and not said to be
    for name, content in {"windows.zip": windows, "mac.ZIP": mac}.items():
        write(tmp_path, f"ada/{name}", content)
    found = found_in(tmp_path)
    assert len(found.returned) == 2
    assert found.left_out == []
    assert all(each.student.id == "ada" for each in found.returned)


def test_hidden_notebooks_are_named_where_nothing_else_came(notebook, tmp_path):
    for place in (f"ada/.{BN}.ipynb", f"bo/.ipynb_checkpoints/{BN}-checkpoint.ipynb", "bo/.git/x.ipynb"):
        write(tmp_path / "back", place, notebook.encode())
    reason = "hidden files are not read, and nothing else came"
    found = found_in(tmp_path / "back")
    assert [(each.students, each.reason) for each in found.left_out] == [((who,), reason) for who in CLASS]
    for who in ("ada", "bo"):
        write(tmp_path / "back", f"{who}/{BN}.ipynb", notebook.replace('"ada"', f'"{who}"').encode())
    found = found_in(tmp_path / "back")
    assert (len(found.returned), found.left_out, found.others.total()) == (2, [], 0)


def lying(content):
    """A zip file that says of its entry that it is small."""
    packed = bytearray(zip_with((f"{BN}.ipynb", content)))
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = packed.index(signature) + place
        packed[at : at + 4] = struct.pack("<I", 1000)
    return bytes(packed)


DAMAGED = {
    "bz2, which unpacks without a bound": zip_with((f"{BN}.ipynb", b"0" * 10**6), compression=zipfile.ZIP_BZIP2),
    "lzma, likewise": zip_with((f"{BN}.ipynb", b"0" * 10**6), compression=zipfile.ZIP_LZMA),
    "a size that is not true": lying(b"0" * 10**6),
    "too large": zip_with((f"{BN}.ipynb", b"0" * (LARGEST_FILE + 1))),
    "a name that is not UTF-8": zip_with((f"ä{BN}.ipynb", b"{}")).replace("ä".encode(), b"\xff\xff"),
    "version 25.5": zip_with((f"{BN}.ipynb", b"{}")).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff"),
    "encrypted": zip_with((f"{BN}.ipynb", b"{}")).replace(b"\x14\x03\x14\x00\x00", b"\x14\x03\x14\x00\x01"),
    "nested four times": zip_with(("a.zip", zip_with(("b.zip", zip_with(("c.zip", zip_with((BN, b"{}")))))))),
    "empty": zip_with(),
    "nothing but what a Mac adds": zip_with((f"__MACOSX/._{BN}.ipynb", b"")),
    "not a zip file": b"PK\x03\x04 cut short",
}  # fmt: skip


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_a_bound_is_not_unpacked(notebook, tmp_path, compression):
    path = tmp_path / "a.zip"
    path.write_bytes(zip_with((f"{BN}.ipynb", notebook), compression=compression))
    ((_, _, refused),) = archives.files(path, "a.zip", lambda place: None)
    assert "packed in another way" in refused.reason


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_wrong_with_a_zip_file_is_said_and_the_next_is_read(notebook, tmp_path, content):
    write(tmp_path, "ada/work.zip", content)
    write(tmp_path, f"bo/work.zip/{BN}.ipynb", notebook.replace('"ada"', '"bo"').encode())
    found = found_in(tmp_path)
    assert [each.student.id for each in found.returned] == ["bo"]
    assert found.left_out
    assert all(each.students == (CLASS[0],) for each in found.left_out)


def test_a_zip_file_has_bounds_of_its_own(notebook, tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    path.write_bytes(zip_with(*((f"{each}.ipynb", notebook) for each in range(5))))
    monkeypatch.setattr(archives, "MOST_ENTRIES", 4)
    ((_, _, refused),) = archives.files(path, "a.zip", lambda place: None)
    assert refused.reason == "it holds 5 files; up to 4 are read"
    monkeypatch.setattr(archives, "MOST_ENTRIES", 5)
    monkeypatch.setattr(archives, "MOST_BYTES", 2 * len(notebook.encode()))
    monkeypatch.setattr(archives, "MOST_TIMES", 0)
    found = [content for _, _, content in archives.files(path, "a.zip", lambda place: None)]
    assert found[:2] == [notebook.encode()] * 2
    assert "the rest is not read" in found[2].reason
    assert len(found) == 3


def test_folders_in_folders_links_and_pipes_are_named(notebook, tmp_path):
    deep = tmp_path / "back" / "ada"
    deep.mkdir(parents=True)
    os.mkfifo(deep / f"{BN}.ipynb")
    (deep / "link.ipynb").symlink_to(tmp_path)
    for _ in range(DEEPEST + 5):
        deep /= "x"
    deep.mkdir(parents=True)
    write(tmp_path / "back", f"bo/{BN}.ipynb", notebook.replace('"ada"', '"bo"').encode())
    found = found_in(tmp_path / "back")
    assert [each.student.id for each in found.returned] == ["bo"]
    assert sorted(each.reason for each in found.left_out) == [
        "a link: it is not followed",
        f"more than {DEEPEST} folders in folders",
        "neither a file nor a folder",
    ]


def slow(cells=300):
    """A notebook that takes as long as one can: many answer cells, each as long as is read."""
    source = "answer = " + "+".join(["(1,)"] * 1990)
    return json.dumps({"cells": [{"cell_type": "code", "source": source, "metadata": {}}] * cells}).encode()


def test_a_file_has_its_seconds_and_those_behind_it_in_the_zip_file_are_read(notebook, tmp_path):
    path = tmp_path / "all.zip"
    entries = [
        ("1.ipynb", notebook),
        ("2.ipynb", slow()),
        ("3.ipynb", notebook),
        ("4.zip", zip_with(("5.ipynb", notebook))),
    ]
    path.write_bytes(zip_with(*entries))
    with Reader(seconds=0.25) as process:
        found = {place[-9:]: found for place, _, found in process.read(path, "all.zip")}
        one_person_s = list(process.read(path, "all.zip", own=True))
        again = list(process.read(path, "all.zip"))
    assert found.pop("p/2.ipynb") == Refused("reading it takes more than 0.25 s")
    assert len(found) == 3
    assert all(isinstance(each, Answered) for each in found.values())
    assert len(again) == 4
    assert [type(each) for _, _, each in one_person_s] == [Answered, Refused], "its seconds are over"


def test_no_module_that_came_back_is_imported_where_one_stands_in_its_folder(notebook, tmp_path, monkeypatch):
    """Python's own way to start a process would import them first."""
    monkeypatch.chdir(tmp_path)
    for module in ("pickle", "struct", "json", "zipfile", "psutil"):
        (tmp_path / f"{module}.py").write_text("open('it-ran', 'w').close()\nraise SystemExit(3)")
    (tmp_path / "good.ipynb").write_text(notebook)
    with Reader() as process:
        ((_, _, read),) = process.read(tmp_path / "good.ipynb", "good.ipynb")
    assert not (tmp_path / "it-ran").exists()
    assert isinstance(read, Answered)


def test_a_process_that_cannot_start_is_no_file_s_fault(notebook, tmp_path, monkeypatch):
    path = tmp_path / "good.ipynb"
    path.write_text(notebook)
    monkeypatch.setattr(reader, "_serve", print)  # it leaves at once
    with Reader() as process, pytest.raises(OSError, match="cannot be started"):
        list(process.read(path, "good.ipynb"))


def test_a_system_that_starts_no_more_processes_is_named(monkeypatch):
    def start(self, process):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.popen_spawn_posix.Popen._launch", start)
    with pytest.raises(BlockingIOError, match="temporarily unavailable"), Reader() as one:
        list(one.read(Path("x.ipynb"), "x.ipynb"))


def test_a_file_has_its_memory(notebook, tmp_path):
    fat, good = tmp_path / "fat.ipynb", tmp_path / "good.ipynb"
    fat.write_bytes(b'{"cells": [' + b"[]," * 4_000_000 + b"[]]}")
    good.write_text(notebook)
    with Reader(memory=60_000_000) as process:
        ((_, _, refused),) = process.read(fat, "fat.ipynb")
        ((_, _, read),) = process.read(good, "good.ipynb")
    assert "memory" in refused.reason
    assert isinstance(read, Answered)


def test_a_notebook_may_repeat_itself_without_end(notebook, tmp_path):
    parsed = json.loads(notebook)
    (cell,) = (each for each in parsed["cells"] if each["metadata"].get("question") == "bn-inference")
    output = {"output_type": "nothing", "data": {ANSWER: {"id": 3, "answer": "x" * 90}}}
    parsed["cells"].insert(0, cell | {"outputs": [output] * 50_000})
    parsed["cells"] += [cell] * 9000
    write(tmp_path, f"ada/{BN}.ipynb", json.dumps(parsed).encode())
    (returned,) = found_in(tmp_path).returned
    assert len(returned.content.cells) <= 300
