"""Whose a returned file is: what its path says, as learning platforms write paths, and what the notebook says."""

import re
import unicodedata
from dataclasses import dataclass

# Moodle: a folder "Full Name_1234567_assignsubmission_file_", or all that as the beginning of a file's name.
MOODLE = re.compile(r"(?P<name>.*?)[ _](?P<number>\d+)_assignsubmission_(file|onlinetext)(_.*)?", flags=re.DOTALL)
# Canvas: a file "lastfirst_LATE_userid_attachmentid_original name".
CANVAS = re.compile(r"(?P<name>[^\W_]+)(_late)?_(?P<number>\d+)_\d+_.*", flags=re.DOTALL)
ENDING = re.compile(r"\.(zip|ipynb)([ _(-].*|\.(json|txt|download))?$")
AFTER_AN_ID = re.compile(r"[\s_()\[\]-]+")


class Unclear(ValueError):
    """Nobody can be sure whose a file is; the message says why, ``students`` are those whose it may be."""

    def __init__(self, reason, students=()):
        super().__init__(reason)
        self.students = tuple(students)


@dataclass(frozen=True)
class _Said:
    """What a part of a path says: the students whose it may be, and how the part reads if it is a platform's."""

    students: tuple
    platform: str = ""


class Owners:
    """Who the students are, by id, name, email address and the platforms' numbers; ``given`` maps places to ids."""

    def __init__(self, students, given=()):
        self._given = {_plain(place): student.casefold() for place, student in dict(given).items()}
        self._ids = {_plain(student.id): student for student in students}
        self._emails = {_plain(each.email): each for each in students if each.email}
        self._numbers = {
            platform: {getattr(each, platform): each for each in students if getattr(each, platform)}
            for platform in ("moodle", "canvas")
        }
        self._names, self._joined = {}, {}
        for student in students:
            words = _words(student.name)
            if words:
                self._names.setdefault(tuple(sorted(words)), []).append(student)
            for first in range(len(words)):
                joined = re.sub(r"[\W_]", "", "".join(words[first:] + words[:first]))
                self._joined.setdefault(joined, []).append(student)

    def owner(self, place, notebook, claimed):
        """``(student, whether the path says so)``; ``notebook`` is its name, ``claimed`` the id in it or ``None``.

        ``Unclear`` where neither tells, and where they differ.
        """
        if _plain(place) in self._given:
            return self._given_owner(place), True
        said, platform = self.said(place, notebook)
        by_itself = self._ids.get(_plain(claimed)) if isinstance(claimed, str) else None
        if claimed is not None and not by_itself:
            raise Unclear(f"it was handed out to {str(claimed)[:70]!r}, who is not in the roster", said)
        if len(said) == 1 and by_itself in (None, said[0]):
            return said[0], True
        if by_itself and (not said or (by_itself in said and platform)):
            return by_itself, bool(said)
        if said and by_itself and by_itself not in said:
            whose = " or ".join(each.id for each in said)
            raise Unclear(f"its path says {whose}, and it was handed out to {by_itself.id}", (*said, by_itself))
        if said:
            raise Unclear(f"it may be that of {' or '.join(each.id for each in said)}: its path says so", said)
        if platform:
            raise Unclear(platform)
        raise Unclear("whose is it? No part of its path is or begins with a student's id, and it names none itself")

    def said(self, place, notebook=""):
        """The students that a path may mean, and how it reads if a platform wrote it ("" if none did).

        What lies in a folder that a platform made for one person was named by that person: it is not looked at.
        """
        found, plain = [], _plain(place)
        for part in plain.split("/"):
            part = ENDING.sub("", part)
            part = part.replace(_plain(notebook), "") if notebook else part
            said = self._platform(part) or _Said(tuple(filter(None, [self._named(part)])))
            if said.platform:
                return list(dict.fromkeys([*found, *said.students])), said.platform
            found += said.students
        return list(dict.fromkeys(found)), ""

    def is_one_person_s(self, place):
        """Whether all that lies at this place is one person's, whoever that is."""
        return any(self.said(place))

    def _given_owner(self, place):
        wanted = self._given[_plain(place)]
        if wanted not in self._ids:
            raise Unclear(f"{wanted!r} is named as its owner, who is not in the roster")
        return self._ids[wanted]

    def _platform(self, part):
        for platform, pattern, names in (("moodle", MOODLE, self._names), ("canvas", CANVAS, self._joined)):
            if read := pattern.fullmatch(part):
                name, number = read["name"], read["number"]
                key = tuple(sorted(_words(name))) if platform == "moodle" else name
                students = names.get(key, [])
                by_number = self._numbers[platform].get(number) or self._by_id(name)
                if not by_number and platform == "canvas":  # an id may be a student's number, not that of Canvas
                    by_number = self._ids.get(number)
                    by_number = by_number if by_number in students or not getattr(by_number, "name", "") else None
                students = [by_number] if by_number else students
                reason = f"no student is called {name!r}, and none has {number} in a column {platform!r} of the roster"
                return _Said(tuple(students), f"whose is it? {reason}")
        return None

    def _named(self, part):
        """The student whose id, email address or full name the part is, or with whose id it begins."""
        part = part.strip()
        called = self._names.get(tuple(sorted(_words(part))), [])
        whole = self._ids.get(part) or self._emails.get(part) or (called[0] if len(called) == 1 else None)
        if whole:
            return whole
        for cut in sorted((each.start() for each in AFTER_AN_ID.finditer(part)), reverse=True):
            student = self._ids.get(part[:cut]) or self._emails.get(part[:cut])
            if student:
                return student if _certain(part[:cut], part[cut:], student) else None
        return None

    def _by_id(self, name):
        """The student whose id this is, where it has a digit, so that it is no name."""
        return self._ids.get(name) if re.search(r"\d", name) else None


def _certain(start, rest, student):
    """Whether a part that begins with an id means that id: "max_mueller" is not that of the student "max".

    An id with a digit in it is no name. Behind others only the student's own name may follow, or what is no name.
    """
    if re.search(r"[\d@]", start) or re.match(r"\s+-\s", rest):
        return True
    return set(re.findall(r"[^\W\d_]{2,}", rest)) <= {*re.findall(r"[^\W\d_]{2,}", _plain(student.name)), *NO_NAMES}


NO_NAMES = ("copy", "copy1", "final", "late", "new", "version")


def _plain(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _words(name):
    return _plain(name).replace(",", " ").replace("_", " ").split()
