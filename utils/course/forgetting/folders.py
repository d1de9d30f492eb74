"""What is kept about a student in the folders that the commands of the course write."""

import os
import re
import stat
from pathlib import Path

from utils.course.forgetting import contents
from utils.course.forgetting.kept import Kept, refuse_links
from utils.course.hand_ins.readings import READINGS, readings_without
from utils.course.marking.code_verdicts import KEPT, verdicts_without
from utils.course.marking.filling import table_without
from utils.course.marking.giving_back import FEEDBACK, zip_without
from utils.course.marking.marks import LEFT_OUT
from utils.course.pages.batch_index import REPORTS
from utils.course.pages.grade_index import FILES
from utils.course.storage.input_files import Mistake
from utils.course.storage.output_folder import TABLE
from utils.course.students.hand_out import KEY
from utils.course.students.roster import roster
from utils.course.working_folder.laying import LAID, OLD, STATE
from utils.notebook_files.reading import UnreadableNotebook, read

STUDENTS, FILLED, GRADES = "students", "filled_", "grades.csv"
# Columns with the ids of all whose a file may be; the remark on somebody's answers tells of such a file, too.
BESIDE = {"left_out.csv": "may_be_of", "unclear.csv": "guess", "answers.csv": "remark"}
WORDS = re.compile(r"[\w.@+-]+")
STATISTICS = ("concepts.csv", "questions.csv", "slips.csv")  # they name nobody
OF_A_JOB = re.compile(r"(.+)-[0-9a-f]{16}\.(ipynb|html)")
LONGEST = 100  # bytes of an id that are whole in the name of a job's file
CHECKPOINTS = ".ipynb_checkpoints"


def kept_in(root, student):
    """What is kept about the student of an id in a folder, in the order of deletion, and why more could not be found.

    The first are ``Kept``, the second sentences. ``Mistake`` if the course keeps nothing in this folder.
    """
    search = _Search(Path(root), student)
    search.look()
    return search.found, search.troubles


class _Search:
    def __init__(self, root, student):
        self.root, self.student, self.found, self.troubles = root, student, [], []
        self._names = _names(root)

    def look(self):
        """Find all; the tables that tell whose the others are come last, so that a stopped deletion can go on."""
        known = {KEY, *FILES, *REPORTS, *FEEDBACK, *BESIDE, KEPT, READINGS, STUDENTS, STATE}
        if not known & set(self._names) and not any(each.startswith(FILLED) for each in self._names):
            raise Mistake(f"{self.root}: nothing of a hand-out, of grades, of a batch or of course start is in it")
        for name, without in _everybody_s(self.student).items():
            self._look_into(name, *without)
        for name in BESIDE:
            self._named_beside_others(name)
        self._filled()
        for name in FEEDBACK[1:]:
            self._look_into(name, "page", lambda path: zip_without(path, self.student))
        self._own(STUDENTS, lambda name: name.endswith(".zip") and contents.same(name[:-4], self.student))
        self._own(FEEDBACK[0], lambda name: name.endswith(".html") and contents.same(name[:-5], self.student))
        self._outputs_of_jobs()
        self._working_folder()
        self._look_into(GRADES, "line", contents.without_rows(self._by("id")))

    def _by(self, *columns):
        return _by(self.student, *columns)

    def _look_into(self, name, what, without):
        """Add what a file of everybody's tells of the student."""
        if name in self._names:
            try:
                refuse_links(self.root, name)
                _, count = without(self.root / name)
            except (Mistake, OSError) as error:
                self._trouble(name, error)
            else:
                self.found += [Kept(self.root, name, count, what, without)] * bool(count)

    def _own(self, folder, is_theirs):
        """Add the student's own files in a folder."""
        if (self.root / folder).is_symlink():
            self._trouble(folder, "a link, which is not followed")
        else:
            for name in filter(is_theirs, _names(self.root / folder)):
                self._file(f"{folder}/{name}")

    def _file(self, name):
        try:
            refuse_links(self.root, name)
        except (Mistake, OSError) as error:
            self._trouble(name, error)
        else:
            self.found.append(Kept(self.root, name))

    def _trouble(self, name, error):
        why = str(getattr(error, "strerror", None) or error)
        sentence = why if why.startswith(str(self.root)) else f"{self.root / name}: {why}"
        if sentence not in self.troubles:
            self.troubles.append(sentence)

    def _named_beside_others(self, name):
        """Say which lines stay, since they are about somebody else as well."""
        if name in self._names and not (self.root / name).is_symlink():
            try:
                rows = [row for _, row in contents.rows_of((self.root / name).read_bytes()) if row]
            except (Mistake, OSError):
                return  # that is said already
            others = [row for row in rows if not self._by("id")(row) and row.get("verdict", LEFT_OUT) == LEFT_OUT]
            named = [{*map(contents.plain, WORDS.findall(row.get(BESIDE[name], "")))} for row in others]
            count = sum({contents.plain(self.student)} < each for each in named)
            if count:
                self._trouble(name, f"lines about others, too, stay ({count}): look at them yourself")

    def _filled(self):
        """Add the student's rows in copies of a platform's table; ``grades.csv`` tells what they are called there."""
        names = [each for each in self._names if each.startswith(FILLED)]
        if not names or GRADES not in self._names:
            return
        try:
            refuse_links(self.root, GRADES)
            students, _ = roster(self.root / GRADES)
        except (Mistake, OSError) as error:
            self._trouble(GRADES, error)
            return
        for whose in (each for each in students if contents.same(each.id, self.student)):
            for name in names:
                before = len(self.found) + len(self.troubles)
                self._look_into(name, "line", lambda path, whose=whose: table_without(path, whose, students))
                if before == len(self.found) + len(self.troubles):
                    self._trouble(name, "no line of it is theirs as far as ids, numbers and names tell; look yourself")

    def _outputs_of_jobs(self):
        """Add executed notebooks and their pages, which are called after the student."""
        if TABLE not in self._names:
            return
        if len(self.student.encode()) > LONGEST:
            self._trouble("", "notebooks of so long an id cannot be told from others: remove them yourself")
            return
        for folder in self._names:
            path = self.root / folder
            if path.is_dir() and folder not in (STUDENTS, FEEDBACK[0]) and not folder.startswith("."):
                self._own(folder, self._is_of_a_job)

    def _is_of_a_job(self, name):
        found = OF_A_JOB.fullmatch(name)
        return bool(found) and contents.same(found[1], self.student)

    def _working_folder(self):
        """Add the notebooks that were laid into a folder and all their copies, if they say that they are theirs."""
        if STATE not in self._names or (self.root / STATE).is_symlink():
            return
        copies = _names(self.root / STATE / LAID)
        laid = {each.split(".")[0] for each in copies}
        mine = [each for each in self._names if each.endswith(".ipynb") and each.split(".")[0] in laid]
        mine += [f"{STATE}/{LAID}/{each}" for each in copies]  # last: they tell which notebooks were laid, and whose
        whose = {_whose(self.root / each) for each in mine} - {""}
        if len(whose) != 1 or not contents.same(*whose, self.student):
            if not whose:
                self._trouble(STATE, "no notebook here says whose it is: if it is theirs, remove the folder yourself")
            return
        for folder in (f"{STATE}/{OLD}", CHECKPOINTS):
            if (self.root / folder).is_dir():
                for name in _names(self.root / folder):
                    if re.split(r"[.-]", name)[0] in laid:
                        self._file(f"{folder}/{name}")
        for name in mine:
            self._file(name)


def _everybody_s(student):
    """The files that tell of everybody: name → what is theirs in it, and ``Kept.without``."""

    def csv_by(*columns):
        return "line", contents.without_rows(_by(student, *columns))

    return {
        KEY: csv_by("student"),
        "answers.csv": csv_by("id"),
        "predictions.csv": csv_by("id"),
        "same_work.csv": csv_by("id", "other_id"),
        "left_out.csv": ("line", contents.without_rows(lambda row: _is_alone(row, "may_be_of", student))),
        "unclear.csv": (
            "line",
            contents.without_rows(
                lambda row: _by(student, "id")(row) or (not row.get("id") and _is_alone(row, "guess", student))
            ),
        ),
        "index.html": ("row", contents.without_table_rows(student)),
        "results.csv": csv_by("student"),
        TABLE: ("job", contents.without_jobs(student)),
        "results.xml": ("job", contents.without_cases(student)),
        READINGS: ("reading", lambda path: readings_without(path, student)),
        KEPT: ("verdict", lambda path: verdicts_without(path, student)),
    }


def _by(student, *columns):
    """Whether a row has the student's id in one of these columns."""
    return lambda row: any(contents.same(row.get(each, ""), student) for each in columns)


def _is_alone(row, column, student):
    return contents.ids(row.get(column, "")) == contents.ids(student)


def _whose(path):
    """The id that a handed-out notebook holds, else ""."""
    try:
        about = read(path).metadata.get("course", {}) if stat.S_ISREG(os.lstat(path).st_mode) else {}
        return str(about.get("student", ""))
    except (UnreadableNotebook, OSError, AttributeError):
        return ""


def _names(folder):
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
