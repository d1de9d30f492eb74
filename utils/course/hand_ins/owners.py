"""Whose a returned file is. Nobody gets another person's marks: what is not certain stays unclear, and is said.

This is the evidence. What comes first holds; where two of 2, 3 and 4 contradict each other, it is unclear.

1. What the instructor filled in: for the file, for a folder around it, or for a file with the same number.
2. The name that Canvas or Moodle gave to a file or a folder: the number in it, where the roster has it in its column
   ``canvas`` or ``moodle``, and the full name. What lies in such a folder was named by the student: it does not count.
3. A part of the path that is a student's id, email address or full name, or begins with the id.
4. Whom the notebook was handed out to, as it says itself.
5. Under a number that nobody has in the roster (blind marking): whom the other notebooks with this number were handed
   out to, if that is one student, of whom no other number or path holds a notebook of the same name. Where two numbers
   of one download hold what was handed out to one student, it is unclear which of them is that student's.

Where groups hand in, each of a group stands for all of it, and so does the group's name in a path.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from utils.course.students.platforms import platform_name
from utils.course.students.roster import Student

ENDING = re.compile(r"\.(zip|ipynb)([ _(-].*|\.(json|txt|download))?$")
AFTER_AN_ID = re.compile(r"[\s_()\[\]-]+")
NOT_IN_A_FILE_NAME = re.compile(r"[&<>\"`|':\\/’]")  # Moodle leaves these away: "O'Neil" is "ONeil"
MOST_GUESSES = 3
MOST_FOLDERS, LONGEST_PART = 40, 500  # of a path that are looked at; a zip file may name longer ones
NO_NAMES = ("copy", "copy1", "final", "late", "new", "version")


class Unclear(ValueError):
    """Nobody can be sure whose a file is; the message says why.

    ``students`` are those whose it may be. ``asks`` is the place to fill in: that of the file, or that of a folder
    whose files are all one person's. ``number`` is the same for all files with the same number.
    """

    def __init__(self, reason, students=(), asks="", number=None):
        super().__init__(reason)
        self.students, self.asks, self.number = tuple(students), asks, number


@dataclass(frozen=True)
class Owner:
    """Whose a file is: one student, or all of a group.

    ``sure``: its path says so. ``drawn_for`` are those whose variant it may hold: the one whom it was handed out to,
    as far as that is known.
    """

    students: tuple[Student, ...]
    sure: bool
    drawn_for: tuple[Student, ...]


@dataclass(frozen=True)
class Said:
    """What a path says: the students and the groups whose it may be, and what a platform wrote into it.

    ``number`` stands for the platform's number in that folder or zip file, ``asks`` is as in ``Unclear``.
    ``reason`` says why a platform's name tells nobody, and ``contradiction`` that its parts mean different people.
    """

    students: tuple[Student, ...] = ()
    groups: tuple[str, ...] = ()
    asks: str = ""
    number: tuple[str, str, str] | None = None
    reason: str = ""
    contradiction: str = ""
    guess: tuple[Student, ...] = ()


class Owners:
    """Who the students are, by id, name, email address and the platforms' numbers.

    ``given`` maps places to ids, as an instructor filled them in. ``groups``: a hand-in is that of the whole group.
    """

    def __init__(self, students, given=(), groups=False):
        self._given = {_plain(place): _plain(student) for place, student in dict(given).items()}
        self._given_numbers, self._learned, self._claims, self._together = {}, {}, {}, groups
        self._ids = {_plain(student.id): student for student in students}
        self._emails, self._names, self._joined, self._members = {}, {}, {}, {}
        self._numbers, self._by_word, self._joined_groups = {"moodle": {}, "canvas": {}}, {}, {}
        for student in students:
            words = _words(student.name)
            for platform, numbers in self._numbers.items():
                _add(numbers, _plain(getattr(student, platform)), student)
            _add(self._emails, _plain(student.email), student)
            _add(self._names, tuple(sorted(words)), student)
            for joined in {_joined(words[first:] + words[:first]) for first in range(len(words))}:
                _add(self._joined, joined, student)
            for word in set(words):
                _add(self._by_word, word, student)
            _add(self._members, _group(student.group), student)
        for group in self._members:
            _add(self._joined_groups, _joined([group]), group)

    def owner(self, place, notebook, claimed):
        """The ``Owner`` of a file; ``Unclear`` if nobody knows.

        ``notebook`` is the notebook's name, and ``claimed`` the id of whom it says it was handed out to, or ``None``.
        """
        said = self.said(place, notebook)
        if given := self._given_for(place, said):
            return self._given_owner(given, place)
        people = said.students or tuple(filter(None, [self._learned.get(said.number)]))
        by_itself = self._ids.get(_plain(claimed)) if isinstance(claimed, str) else None
        teams = self._teams(said, people)
        whose = " or ".join(self._called(each) for each in teams)
        ask = {"asks": said.asks, "number": said.number} if self._is_open(said) else {"asks": place}
        if claimed is not None and not by_itself:
            raise Unclear(f"it was handed out to {str(claimed)[:70]!r}, who is not in the roster", people, **ask)
        own = by_itself and self._team(by_itself)
        if said.contradiction:
            raise Unclear(said.contradiction, people, place)
        if len(teams) == 1 and own in (None, teams[0]):
            (team,) = teams
            drawn_for = (by_itself,) if by_itself else tuple(dict.fromkeys([*people, *team]))
            return Owner(team, True, drawn_for)
        if own and not teams and said.number:
            count = len(self._claims.get((_plain(by_itself.id), notebook, *said.number[:2]), ()))
            if count > 1:
                reason = f"whose is it? {count} people handed in what was handed out to {by_itself.id}"
                raise Unclear(reason, (by_itself,), **ask)
        if own and (not teams or (own in teams and said.asks)):
            return Owner(own, bool(teams), (by_itself,))
        if own and own not in teams:
            reason = f"its path says {whose}, and it was handed out to {by_itself.id}"
            raise Unclear(reason, (*people, by_itself), place)
        if teams:
            students = tuple(dict.fromkeys(each for team in teams for each in team))
            raise Unclear(f"it may be that of {whose}: its path says so", students, **ask)
        if said.reason:
            raise Unclear(f"whose is it? {said.reason}", said.guess, **ask)
        reason = "No part of its path is or begins with a student's id, and it names none itself"
        raise Unclear(f"whose is it? {reason}", (), place)

    def learn(self, files):
        """Find out from all files whose the numbers are that the roster lacks: ``(place, notebook, claimed)``."""
        claims, notebooks, holders = {}, {}, {}  # the last: of a student's notebook, whose number or path holds it
        for place, notebook, claimed in files:
            said = self.said(place, notebook)
            given = self._given_at(place)
            if given or len(said.students) == 1:
                holders.setdefault((given or _plain(said.students[0].id), notebook), set()).add(None)
            if said.number and given:
                before = self._given_numbers.setdefault(said.number, given)
                self._given_numbers[said.number] = given if before == given else ""
            elif said.number and not said.students and not said.groups:
                notebooks.setdefault(said.number, set()).add(notebook)
                if claimed is not None:
                    claims.setdefault(said.number, set()).add(_plain(str(claimed)))
        one = {number: next(iter(ids)) for number, ids in claims.items() if len(ids) == 1}
        self._claims = {}  # of a student's notebook: the numbers in one folder or zip file that hold it
        for number, student in one.items():
            for notebook in notebooks[number]:
                holders.setdefault((student, notebook), set()).add(number[1:])
                self._claims.setdefault((student, notebook, *number[:2]), set()).add(number)
        self._learned = {
            number: self._ids.get(student)
            for number, student in one.items()
            if all(len(holders[student, each]) == 1 for each in notebooks[number])
        }

    def said(self, place, notebook=""):
        """What a path says, see ``Said``; ``notebook`` is the name of the notebook, which says nothing of its owner."""
        students, groups, parts = [], [], place.split("/")
        for at, part in enumerate(_plain(place).split("/")):
            part = _without(ENDING.sub("", part[:LONGEST_PART]), notebook)
            if read := platform_name(part):
                is_folder = at + 1 < len(parts)
                asks = "/".join(parts[: at + 1]) if is_folder else place
                number = ("/".join(parts[:at]), read.platform, read.number) if read.number else None
                found = self._by_platform(read)
                return Said(
                    tuple(dict.fromkeys([*students, *found.students])),
                    tuple(dict.fromkeys([*groups, *found.groups])),
                    *(asks, number, found.reason, found.contradiction, found.guess),
                )
            students += filter(None, [self._named(part)])
            groups += [_group(part)] if self._together and _group(part) in self._members else []
        return Said(tuple(dict.fromkeys(students)), tuple(dict.fromkeys(groups)))

    def may_be_of(self, place, notebook=""):
        """The students whose file it may be, by what was filled in, its path and its number."""
        said = self.said(place, notebook)
        given = self._ids.get(self._given_for(place, said))
        people = [given] if given else said.students or filter(None, [self._learned.get(said.number)])
        return tuple(dict.fromkeys(each for team in self._teams(said, people) for each in team))

    def handed_in_by(self, place, notebook=""):
        """Who handed in what lies there: students, and a platform's number; nobody if nothing tells."""
        number = self.said(place, notebook).number
        return {*self.may_be_of(place, notebook), *([number] if number else [])}

    def is_one_person_s(self, place):
        """Whether all that lies at this place is one person's or one group's, whoever that is."""
        said = self.said(place)
        return bool(said.students or said.groups or said.asks)

    def _by_platform(self, read):
        """What a platform's name says of its own: the ``Said`` without a place."""
        name, words = read.name.strip(), tuple(sorted(_words(read.name)))
        by_number = self._numbers[read.platform].get(read.number, [])
        if read.platform == "moodle":
            by_name = self._names.get(words, []) or self._behind_a_group(name)
            groups = [_group(name)] if _group(name) in self._members else []
        else:
            by_name, groups = self._joined.get(_joined([name]), []), self._joined_groups.get(_joined([name]), [])
            by_id = self._ids.get(read.number)  # an id may be a student's number, not that of Canvas
            if by_id and not by_number and (by_id in by_name or not by_id.name):
                by_number = [by_id]
            if by_name and not by_number and all(each.canvas for each in by_name):  # the same in every assignment
                other = f"its name is that of {by_name[0].id}, and its number is not"
                return Said(tuple(by_name), contradiction=other)
        by_name = by_name or [each for each in [self._ids.get(name)] if each and re.search(r"\d", name)]
        if by_number and by_name:
            both = tuple(each for each in by_number if each in by_name)
            contradiction = f"its number is that of {by_number[0].id}, and its name that of {by_name[0].id}"
            return Said(both) if both else Said((*by_number, *by_name), contradiction=contradiction)
        if groups and not by_name and not self._together:
            reason = f"it is named after the group {name!r}: with --groups, a hand-in counts for a whole group"
            return Said(reason=reason, guess=tuple(by_number))
        if by_number or by_name or groups:
            return Said(tuple(by_number or by_name), tuple(groups if self._together else ()))
        numbered = f", and none has {read.number} in a column {read.platform!r} of the roster" if read.number else ""
        return Said(reason=f"no student is called {name or 'anon'!r}{numbered}", guess=self._similar(words))

    def _behind_a_group(self, name):
        """The students of whom Moodle wrote "Group-Full Name", as it did where groups are kept apart."""
        for hyphen in re.finditer("-", name):
            members = self._members.get(_group(name[: hyphen.start()]), [])
            words = sorted(_words(name[hyphen.end() :]))
            if found := [each for each in members if sorted(_words(each.name)) == words]:
                return found
        return []

    def _named(self, part):
        """The student whose id, email address or full name the part is, or with whose id it begins."""
        part = part.strip()
        by_name = _only(self._names.get(tuple(sorted(_words(part)))))
        whole = self._ids.get(part) or _only(self._emails.get(part)) or by_name
        if whole:
            return whole
        for cut in sorted((each.start() for each in AFTER_AN_ID.finditer(part)), reverse=True):
            student = self._ids.get(part[:cut]) or _only(self._emails.get(part[:cut]))
            if student:
                return student if _certain(part[:cut], part[cut:], student) else None
        return None

    def _similar(self, words):
        """The students who share two words or more of their names with these, the most alike first."""
        times = Counter(each for word in set(words) for each in self._by_word.get(word, ()))
        return tuple(each for each, count in times.most_common(MOST_GUESSES) if count > 1)

    def _given_at(self, place):
        """The id that was filled in for a place or for a folder around it, else ""."""
        around = [place, *reversed(_folders_around(place))] if self._given else ()
        return next(filter(None, (self._given.get(_plain(each)) for each in around)), "")

    def _given_for(self, place, said):
        """The id that was filled in for a place or its number, else ""."""
        return self._given_at(place) or (self._given_numbers.get(said.number, "") if self._is_open(said) else "")

    def _given_owner(self, given, place):
        if given not in self._ids:
            raise Unclear(f"{given!r} is filled in as its owner, who is not in the roster", (), place)
        student = self._ids[given]
        return Owner(self._team(student), True, (student,))

    def _is_open(self, said):
        """Whether a platform named it, and its path does not say whose it is."""
        return bool(said.asks) and len(self._teams(said, said.students)) != 1

    def _teams(self, said, people):
        """The groups whose it may be, those of these people among them; who works alone is a group of one."""
        teams = [*map(self._team, people), *(tuple(self._members[each]) for each in said.groups)]
        return list(dict.fromkeys(teams))

    def _team(self, student):
        """All who hand in with this student, in the roster's order."""
        return tuple(self._members[_group(student.group)]) if self._together and student.group else (student,)

    @staticmethod
    def _called(team):
        return team[0].id if len(team) == 1 else f"group {team[0].group}"


def _folders_around(place):
    """The folders that a place lies in, the outermost first, and before it "", which holds everything."""
    parts = place.split("/", MOST_FOLDERS)
    return ["/".join(parts[:end]) for end in range(len(parts))]


def _certain(start, rest, student):
    """Whether a part that begins with an id means that id: "max_mueller" is not that of the student "max".

    An id with a digit in it is no name. Behind others only the student's own name may follow, or what is no name.
    """
    if re.search(r"[\d@]", start) or re.match(r"\s+-\s", rest):
        return True
    return set(re.findall(r"[^\W\d_]{2,}", rest)) <= {*re.findall(r"[^\W\d_]{2,}", _plain(student.name)), *NO_NAMES}


def _add(known, key, value):
    if key:
        known.setdefault(key, []).append(value)


def _only(found):
    """The one that was found, ``None`` if it is not the only one."""
    return found[0] if found and len(found) == 1 else None


def _without(part, notebook):
    """A part of a path without the name of the notebook, however its words are parted."""
    words = re.findall(r"[^\W_]+", _plain(notebook))
    return re.sub(r"[\W_]+".join(map(re.escape, words)), "", part) if words else part


def _plain(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _words(name):
    return NOT_IN_A_FILE_NAME.sub("", _plain(name)).replace(",", " ").replace("_", " ").split()


def _group(name):
    return " ".join(_words(name))


def _joined(words):
    """All letters and digits in one, as Canvas writes a name."""
    return "".join(each for word in words for each in word if unicodedata.category(each)[0] in "LMN")
