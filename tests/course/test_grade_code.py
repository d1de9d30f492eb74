"""Exercises in code, graded: which function counts, what it comes to in the sandbox, and where that is written."""

import contextlib
import json
from collections import deque
from concurrent.futures import Future

import nbformat
import pytest
from distributed import Client, LocalCluster
from nbformat.v4 import new_code_cell, new_notebook
from tiny_notebooks import course_here

from utils.course.hand_ins.collect import Returned
from utils.course.marking import code_verdicts as code_verdicts_module
from utils.course.marking.code_verdicts import KEPT, code_verdicts, judged_there
from utils.course.marking.marks import marks
from utils.course.pages.grade_index import reports
from utils.course.sandbox.bubblewrap import why_not
from utils.course.sandbox.functions import Verdict
from utils.course.storage.input_files import Mistake
from utils.course.storage.store import FolderStore
from utils.course.students.roster import Student
from utils.course.workers.calls import ended
from utils.course.workers.cluster import DaskWorkers
from utils.course.workers.process_pool import Lost, ProcessPool
from utils.exercises import exercise, source_of
from utils.notebook_files.code_cells import does, programs
from utils.notebook_files.returned import answered

isolated = pytest.mark.skipif(bool(why_not()), reason=why_not())
IDS = "blank-maps", "equivariance"  # neither needs Keras
IMPORTS = "import numpy as np\nimport keras\nfrom keras import layers"
SOLUTIONS = {name: source_of(exercise(name).solution) for name in IDS}
STUBS = {name: exercise(name).stub for name in IDS}


def notebook(functions, imports=IMPORTS):
    """A notebook with a cell for each exercise and the cell that checks it, as the course's are."""
    cells = [new_code_cell(imports)]
    for name, source in functions.items():
        cells.append(new_code_cell(source, metadata={"tags": ["exercise"], "exercise": name}))
        cells.append(new_code_cell(f'check_code("{name}", {exercise(name).name})'))
    return new_notebook(cells=cells)


def program(*cells, name="blank-maps"):
    """The program of an exercise in cells, the last of which checks it."""
    return programs([*((each, "") for each in cells), (f'check_code("{name}", f)', "")]).get(name)


def test_a_function_comes_with_what_it_needs_and_nothing_else():
    found = program(
        "import numpy as np, os\nfrom keras import layers as L\nsecret = 5\n%matplotlib inline\nimport torch",
        "def helper(x):\n    return np.sum(x)\n\nrelu = lambda x: max(x, 0)",
        "def unused(): return os",
        "def f(x, k=2):\n    y = [secret for secret in x]\n    return helper(y) + relu(k)",
    )
    assert found.source.split("\n\n") == [
        "import numpy as np",
        "def helper(x):\n    return np.sum(x)",
        "relu = lambda x: max(x, 0)",
        "def f(x, k=2):\n    y = [secret for secret in x]\n    return helper(y) + relu(k)\n",
    ]
    assert found.parameters == ("x", "k")
    assert found.variables == found.course == ()


@pytest.mark.parametrize(
    ("cells", "variables", "course"),
    [
        (("scale = 2", "def f(x): return x * scale"), ("scale",), ()),
        (("for scale in (1, 2): pass", "def f(x): return x * scale"), ("scale",), ()),
        (("from utils.exercises.blank_maps import SOLUTION as s", "def f(x): return s(x)"), (), ("s",)),
        (("def f(x):\n    import utils.exercises as e\n    return e",), (), ("utils.exercises",)),
        (("from utils.mini_xception import block", "g = block", "def f(x): return g(x)"), (), ("block",)),
    ],
)
def test_variables_and_the_course_s_own_code_are_named(cells, variables, course):
    found = program(*cells)
    assert (found.variables, found.course) == (variables, course)


def test_the_function_that_is_checked_counts_as_it_is_last_defined_above():
    cells = [
        ("def f(): return 1", ""),
        ("def f(): return 2", "a"),
        ('check_code("a", f)', ""),
        ("def f(): return 3", ""),
    ]
    assert "return 2" in programs(cells)["a"].source
    assert "return 1" in programs(cells[:1] + cells[2:3])["a"].source


@pytest.mark.parametrize("source", ["def f(:", "(" * 5000, "f = 1", "", "\0", "def g(): pass", "x" * 60_000])
def test_what_is_no_function_is_left_out(source):
    assert program(source) is None


@pytest.mark.parametrize("name", [*IDS, "augmentation", "bn-backward"])
def test_a_stub_is_one_with_other_comments_too(name):
    of = exercise(name)
    changed = of.stub.replace("# your code", "# I tried").replace("    ...", "    pass")
    assert does(of.stub, of.name) == does(changed, of.name) != does(source_of(of.solution), of.name)


class Source:
    def __init__(self, name, its):
        self.name, self.notebook = name, its


def judged_marks(
    folder, functions, several="agreed", secret=b"s" * 32, workers=lambda students: ProcessPool(1), **more
):
    """The marks of students, each with the notebooks that they returned: id → exercise → ``Mark``."""
    source = Source("10_code", notebook(STUBS))
    students = [Student(name, "", "") for name in functions]
    returned = []
    for student in students:
        for number, each in enumerate(functions[student.id]):
            content = answered(nbformat.writes(notebook(each)).encode())
            returned.append(Returned(f"{student.id}/{number}.ipynb", float(number), student, True, "10_code", content))
    collected = type("Collected", (), {"returned": returned, "left_out": []})
    code = code_verdicts([source], returned, secret, FolderStore(folder), workers=workers, **more)
    marked = marks([source], students, None, collected, several, code=code)
    found = {}
    for each in marked.marks:
        found.setdefault(each.student.id, {})[each.question] = each
    return found, marked.left_out


def test_a_group_s_function_is_judged_once(tmp_path, monkeypatch):
    """Each of a group has the file, and two of them handed it in."""
    content = answered(nbformat.writes(notebook(SOLUTIONS)).encode())
    group = [Student(name, "", "1") for name in ("ada", "bo", "cy")]
    places = "bo/10_code.ipynb", "cy/10_code.ipynb"
    returned = [Returned(place, None, each, True, "10_code", content) for place in places for each in group]
    asked = []

    def judged(waiting, *_):
        asked.extend(task for own in waiting.values() for task in own.values())
        yield {known: Verdict(task[0], "right") for own in waiting.values() for known, task in own.items()}

    monkeypatch.setattr("utils.course.marking.code_verdicts._judged", judged)
    found = code_verdicts([Source("10_code", notebook(STUBS))], returned, None, FolderStore(tmp_path))
    assert sorted(name for name, *_ in asked) == sorted(IDS)
    assert {place: set(own) for place, own in found.items()} == {each: set(IDS) for each in places}


@isolated
def test_each_function_earns_what_it_is_worth_and_nothing_is_judged_twice(tmp_path, monkeypatch):
    slip = "def blank_share(maps):\n    return (maps == 0).mean(axis=(1, 2, 3))"
    changing = "def blank_share(maps):\n    maps[...] = maps == 0\n    return maps.all(axis=(1, 2)).mean(axis=1)"
    functions = {
        "right": [SOLUTIONS],
        "slip": [{**STUBS, "blank-maps": slip}],
        "changing": [{**STUBS, "blank-maps": changing}],
        "copied": [{**STUBS, "blank-maps": "from utils.exercises.blank_maps import SOLUTION as blank_share"}],
        "imported": [{**STUBS, "blank-maps": "def blank_share(maps):\n    import utils.exercises\n    return maps"}],
        "hidden": [{**STUBS, "blank-maps": "def blank_share(maps):\n    return __import__('utils.exercises').maps"}],
        "exits": [{**SOLUTIONS, "blank-maps": "def blank_share(maps):\n    import os\n    os._exit(0)"}],
        "claims": [{**STUBS, "blank-maps": "def blank_share(maps):\n    return {'verdict': 'right'}"}],
        "patches": [
            {**SOLUTIONS, "blank-maps": "def blank_share(maps):\n    np.abs = np.all = lambda *a: True\n    return 1"}
        ],
        "breaks": [{**STUBS, "blank-maps": "def blank_share(maps):\n    raise ValueError('\\ud800\\0\\n=1+1' * 9**5)"}],
        "shows": [
            {**STUBS, "blank-maps": "def blank_share(maps):\n    return {str(n): (n,) * 9 for n in range(9**4)}"}
        ],
        "untouched": [STUBS],
        "twice": [STUBS, SOLUTIONS, {**SOLUTIONS, "blank-maps": slip}],
        "never": [],
    }
    found, left_out = judged_marks(tmp_path, functions)
    assert {name: (own["blank-maps"].verdict, int(own["blank-maps"].points)) for name, own in found.items()} == {
        "right": ("right", 1),
        "slip": ("slip", 0),
        "changing": ("right", 1),
        "copied": ("missing", 0),
        "imported": ("wrong", 0),
        "hidden": ("wrong", 0),
        "exits": ("wrong", 0),
        "claims": ("wrong", 0),
        "patches": ("wrong", 0),
        "breaks": ("wrong", 0),
        "shows": ("wrong", 0),
        "untouched": ("unanswered", 0),
        "twice": ("returned-twice", 0),
        "never": ("not-returned", 0),
    }
    assert found["slip"]["blank-maps"].slip == "the share of zeros"
    assert "changes maps" in found["changing"]["blank-maps"].remark
    assert "ModuleNotFoundError" in found["hidden"]["blank-maps"].remark
    assert {name for name, own in found.items() if own["equivariance"].points == 3} == {"right", "exits", "twice"}
    for page in (*reports([each for own in found.values() for each in own.values()], left_out).values(),):
        assert len(page.encode()) < 100_000

    def never(*arguments):
        raise AssertionError("judged again")

    monkeypatch.setattr("utils.course.marking.code_verdicts._judged", lambda waiting, *_: never() if waiting else ())
    with pytest.raises(AssertionError, match="judged again"):  # what stopped it may have been the machine
        judged_marks(tmp_path, {"exits": functions["exits"]})
    again, _ = judged_marks(tmp_path, {**functions, "exits": []}, "latest")
    assert again["right"] == found["right"]
    assert again["twice"]["blank-maps"].verdict == "slip"
    with pytest.raises(AssertionError, match="judged again"):
        judged_marks(tmp_path, {"other": [SOLUTIONS]})  # other cases
    assert "secret" not in (tmp_path / KEPT).read_text()
    assert json.loads((tmp_path / KEPT).read_text())["key"] is None


@isolated
def test_a_run_that_was_stopped_goes_on_and_dask_workers_judge_the_same(tmp_path):
    slip = "def blank_share(maps):\n    return (maps == 0).mean(axis=(1, 2, 3))"
    functions = {
        name: [{**STUBS, "blank-maps": each}] for name, each in (("ada", slip), ("bo", SOLUTIONS["blank-maps"]))
    }
    judged = []

    def stopped(done, total):
        yield next(done)
        raise KeyboardInterrupt

    def noted(done, total):
        judged.append(total)
        return done

    with LocalCluster(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        for folder, shown in (("whole", noted), ("in two", stopped), ("in two", noted)):
            with contextlib.suppress(KeyboardInterrupt), Client(cluster) as client:
                workers = {"workers": lambda students, client=client: DaskWorkers(client)}
                found, _ = judged_marks(tmp_path / folder, functions, **workers, shown=shown)
    verdicts = [json.loads((tmp_path / each / KEPT).read_text())["verdicts"] for each in ("whole", "in two")]
    assert verdicts[0] == verdicts[1]
    assert judged == [2, 1]
    assert [own["blank-maps"].verdict for own in found.values()] == ["slip", "right"]


def test_a_worker_with_another_version_of_the_course_judges_nothing():
    with pytest.raises(Mistake, match="another version"):
        judged_there({}, (), "another")


class Waiting:
    """Workers for two calls at a time, the first of which goes to a scheduler that goes away."""

    def __init__(self):
        self.given, self.most = [], 0

    def window(self):
        return 2

    def submit(self, function, *arguments):
        future = Future()
        self.given.append(future)
        self.most = max(self.most, sum(not each.done() for each in self.given))
        if len(self.given) == 1:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(function(*arguments))
        return future


def test_calls_are_given_as_workers_want_them_and_none_is_lost():
    workers = Waiting()
    found = {number: future.result() for number, future in ended(workers, str, deque(range(5)))}
    assert found == {number: str(number) for number in range(5)}
    assert len(workers.given) == 6
    assert workers.most <= 2


class Dying(contextlib.AbstractContextManager):
    """Workers that die of a function called "deadly", with all that they were given together with it."""

    def __exit__(self, *exception):
        pass

    def window(self):
        return 1

    def submit(self, function, tasks):
        future = Future()
        if any(name == "deadly" for name, *_ in tasks.values()):
            future.set_exception(Lost("signal SIGKILL"))
        else:
            future.set_result({known: Verdict(name, "right") for known, (name, *_) in tasks.items()})
        return future


def test_a_function_that_costs_the_process_its_life_is_left_to_a_person_and_the_others_are_judged():
    waiting = {"ada": {"1": ("deadly",), "2": ("good",)}, "bo": {"3": ("good",)}}
    found = {}
    for each in code_verdicts_module._judged(waiting, (), lambda students: Dying()):
        found |= each
    assert {known: (each.verdict, each.settled) for known, each in found.items()} == {
        "1": ("open", False),
        "2": ("right", True),
        "3": ("right", True),
    }
    assert "signal SIGKILL" in found["1"].remark


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--workers", 2], "--code is missing"), (["--code", "--slurm", "--pbs"], "one of them is enough")],
)
def test_who_judges_is_said_once_and_where_code_is_judged(tmp_path, options, sentence):
    (tmp_path / "roster.csv").write_text("id\nada\n")
    done = course_here("grade", tmp_path, "--roster", tmp_path / "roster.csv", *options)
    assert done.returncode == 2
    assert sentence in done.stderr
