"""The names that Canvas and Moodle give to files when an instructor downloads what came back."""

import re
from dataclasses import dataclass
from datetime import datetime

# Moodle: a folder "Full Name_1234567_assignsubmission_file", or all that as the beginning of a file's name. Instead of
# a name it writes "Participant" where marking is blind, and the group's where groups hand in: the number is the
# group's then, or there is none.
MOODLE = re.compile(
    r"(?P<name>.*?)([ _](?P<number>\d+))?_assignsubmission_(file|onlinetext)(_.*)?", flags=re.DOTALL | re.IGNORECASE
)
# Canvas: a file "lastfirst_LATE_userid_attachmentid_original name", all letters of the name in one; "anon" and other
# digits where marking is blind, and a group's name with the number of one of its members where groups hand in.
CANVAS = re.compile(
    r"((?P<name>[^_\s.()-]+)(?P<late>_LATE)?_(?P<number>\d+)|(?P<late_too>LATE_)?anon_(?P<anonymous>[^\W_]+))"
    r"_(?P<attachment>\d+)_.*",
    flags=re.DOTALL | re.IGNORECASE,
)

SUBMITTED = "last modified (submission)"


@dataclass(frozen=True)
class PlatformName:
    """What a platform wrote into a name; ``name`` and ``number`` are "" if it wrote none, ``late`` ``None`` likewise.

    ``attachment`` is Canvas's number of the file, larger for one that was handed in later; 0 for Moodle.
    """

    platform: str
    name: str
    number: str
    late: bool | None = None
    attachment: int = 0


def platform_name(part):
    """The ``PlatformName`` that a part of a path is, ``None`` if no platform wrote it."""
    if read := MOODLE.fullmatch(part):
        return PlatformName("moodle", read["name"], read["number"] or "")
    if read := CANVAS.fullmatch(part):
        number, late = read["number"] or read["anonymous"], bool(read["late"] or read["late_too"])
        return PlatformName("canvas", read["name"] or "", number, late, int(read["attachment"][:18]))
    return None


def handed_in(student, number):
    """When a student handed in, in seconds since 1970, if the roster is Moodle's worksheet of this very assignment.

    It says so in its column "Last modified (submission)": "Friday, 20 November 2026, 11:59 PM". ``None`` if unknown.
    """
    if not number or number != student.moodle:
        return None
    said = next((value for name, value in student.extra if name.casefold() == SUBMITTED), "")
    try:
        return datetime.strptime(said.partition(", ")[2], "%d %B %Y, %I:%M %p").timestamp()
    except (ValueError, OverflowError):  # nothing came, or another language
        return None
