"""A job, and what became of it."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property

from utils.course.batches.environment import environment
from utils.course.students.roster import NOBODY, Student


@dataclass(frozen=True, eq=False)
class Job:
    """One notebook with one set of parameters, for one student or none. All that a worker needs travels in it.

    ``files`` maps the files that the parameters name to their hashes. ``name`` is that of the output, without the
    ending; by default one that nothing else has.
    """

    notebook: str
    content: bytes
    parameters: dict
    student: Student = NOBODY
    files: dict = field(default_factory=dict)
    name: str = ""

    @cached_property
    def key(self):
        """What the output depends on, hashed: notebook, parameters, student, and what a notebook finds around it."""
        parts = [hashlib.sha256(self.content).hexdigest(), self.parameters, self.student.id, self.files, environment()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def label(self):
        """The job in words: the student, or the parameters."""
        return self.student.id or in_words(self.parameters)

    @cached_property
    def file(self):
        """The name of its output in the store, without the ending."""
        words = re.sub(r"[^\w.=@+-]+", "_", self.label).encode()[:100].decode(errors="ignore")
        return self.name or f"{self.notebook}/{words}{words and '-'}{self.key[:16]}"

    def outcome(self, status, error="", **more):
        """The ``Outcome`` of this job."""
        return Outcome(self.notebook, self.student, self.parameters, status, error, key=self.key, **more)


@dataclass
class Outcome:
    """What became of a job, or of a line that could be none: ``status`` is a ``Status``, ``error`` a sentence on it.

    ``answers`` and ``verdicts`` are the records in the executed notebook, and ``remark`` says what is odd about it.
    ``file`` is its name in the store, without the ending; "" if there is none.
    """

    notebook: str
    student: Student
    parameters: dict
    status: str
    error: str = ""
    seconds: float = 0.0
    answers: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)
    remark: str = ""
    key: str = ""
    file: str = ""
    attempts: int = 1

    @property
    def label(self):
        """The job in words: the student with the name, and the parameters."""
        return " · ".join(filter(None, (self.student.id, self.student.name, in_words(self.parameters))))

    def record(self):
        """The outcome as a flat JSON object."""
        plain = asdict(self)
        student = plain.pop("student")
        return plain | {"student": student["id"], "name": student["name"], "group": student["group"]}


def in_words(parameters):
    """``depth=4, seed=0``: the parameters, each on one line."""
    return ", ".join(f"{name}={value}" for name, value in parameters.items())
