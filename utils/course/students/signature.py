"""What a handed-out notebook says of itself, signed with the course's secret, and what that is worth on its return.

A signature is an HMAC: without the key file it can be neither made nor tried out, so it tells nothing of the answers.
"""

import hmac
import json
from collections import Counter
from dataclasses import dataclass, replace

from utils import questions
from utils.course.storage.input_files import Mistake
from utils.course.students.variants import is_exam
from utils.former_names import name_today

DIGITS = 32  # of a signature: 128 bits
NO_SECRET, OTHER_KEY, OTHER_VARIANT, NO_VARIANT = "no secret", "other key", "other variant", "no variant"
NOT_TOLD = "not told"
NO_LINE, VERDICTS = "no line", "verdicts"
# Why a notebook is left out (the first two and the last), or what is remarked where it is judged by the variant drawn.
SAID = {
    NO_SECRET: "it holds a variant, and no key file was named (--secret)",
    OTHER_KEY: "the variant in it was not handed out to this student with this key file",
    OTHER_VARIANT: "its cell of the variant holds other values than were handed out",
    NO_VARIANT: "it holds no variant, and one was drawn for this student",
    NOT_TOLD: "to whom of the group was it handed out? Nothing in it tells",
    NO_LINE: "the line that makes it an exam is gone or changed: hints, solutions and verdicts could be had",
    VERDICTS: "its outputs show verdicts, which an exam does not: the line that makes it one was not run",
}
ADVICE = {
    NO_SECRET: "hold a variant: name the key file of the hand-out with --secret",
    OTHER_KEY: "were not handed out with this key file: name the one of the hand-out with --secret",
    OTHER_VARIANT: "hold other variants than are drawn: name the key file of the hand-out with --secret, and use the "
    "course as it was then",
    NO_VARIANT: "hold no variant: leave --secret away if none were handed out",
}


@dataclass(frozen=True, slots=True)
class Held:
    """The variant that a returned notebook is judged by, what is wrong with it ("" if nothing is), and the ids of the
    questions that are other ones today than when it was handed out, or that are ``gone`` from the notebook.

    ``exam`` is what is remarked on all that stands in an exam, "" if nothing is.
    """

    values: dict
    fault: str = ""
    changed: tuple[str, ...] = ()
    exam: str = ""
    gone: tuple[str, ...] = ()


def signed(secret, student_id, notebook, values, asked):
    """What to write into ``metadata.course`` of a notebook to hand out; ``asked`` is what ``Variants.asked`` gives."""
    forms = {question.id: _form(secret, student_id, question) for _, question in asked}
    signature = _signature(secret, "variant", student_id, [notebook, values, forms])
    return {"student": student_id, "notebook": notebook, "values": values, "questions": forms, "variant": signature}


def exam_mark(secret, student_id, notebook):
    """What a student's notebook sets ``exam`` to, ``None`` if the key file is that of no exam."""
    return _signature(secret, questions.EXAM, student_id, [notebook]) if is_exam(secret) else None


def held(secret, returned, variants):
    """The ``Held`` of a notebook that came back; of a group's, as one of the group got it."""
    whose = returned.drawn_for or (returned.student,)
    found = [
        replace(_held(secret, returned, each, variants), exam=_exam(secret, returned, each, variants)) for each in whose
    ]
    good = [each for each in found if not each.fault]
    best = min(good or found, key=lambda each: bool(each.exam))
    return best if good or len(found) == 1 or not secret else Held({}, NOT_TOLD)


def _held(secret, returned, student, variants):
    said = returned.content.course
    if not secret:
        return Held({}, NO_SECRET if "variant" in said or returned.content.variant else "")
    drawn = variants.drawn(secret, student.id)
    if "variant" not in said:
        if drawn and returned.content.variant is None:
            return Held(drawn, NO_VARIANT)
        if any(returned.content.variant.get(name) != value for name, value in drawn.items()):
            return Held(drawn, OTHER_VARIANT)
        return Held(drawn)
    values, forms = said.get("values"), said.get("questions")
    signature = _signature(secret, "variant", student.id, [returned.notebook, values, forms])
    if not hmac.compare_digest(str(said["variant"]).encode(), signature.encode()):
        return Held(drawn, OTHER_KEY)
    then = {name_today(name): name for name in forms}  # what each was called when it was handed out
    try:
        asked = [question for _, question in variants.asked(values)]
    except (Mistake, KeyError):  # these values, or parameters of these names, can no longer be asked
        return Held(drawn, changed=tuple(then))
    as_then = {each.id: replace(each, id=then.get(each.id, each.id)) for each in asked}
    changed = [name for name, each in as_then.items() if forms.get(each.id) != _form(secret, student.id, each)]
    return Held(values, changed=tuple(changed), gone=tuple(each for each in then if each not in as_then))


def _exam(secret, returned, student, variants):
    """What is remarked on an exam that was no exam in the kernel, as far as the notebook tells."""
    if not secret or not is_exam(secret):
        return ""
    if (returned.content.variant or {}).get(questions.EXAM) != exam_mark(secret, student.id, returned.notebook):
        return SAID[NO_LINE]
    cells = (each for each in returned.content.cells if each.typed not in variants.demonstrations)
    shown = {record.get("verdict") for cell in cells for record in cell.shown if isinstance(record.get("verdict"), str)}
    return SAID[VERDICTS] if shown & {"right", "slip", "wrong"} else ""


def check_all(found, new_key=False):
    """``Mistake`` if the key file cannot be that of the hand-out, or the questions have changed since.

    ``found`` are pairs of a returned notebook and its ``Held``. The first takes most students to show it, and of each
    nothing that is signed with this key: what one writes into a notebook stops nobody else's grading. The second is
    signed. ``new_key``: changed questions are meant.
    """
    proven = {each.student for each, held in found if not held.fault and "variant" in each.content.course}
    faulty = [(each, held.fault) for each, held in found if held.fault in ADVICE and each.student not in proven]
    students = {each.student for each, _ in found}
    if 2 * len({each.student for each, _ in faulty}) > len(students):
        ((fault, count),) = Counter(fault for _, fault in faulty).most_common(1)
        first = next(each.place for each, its in faulty if its == fault)
        raise Mistake(f"{count} of the {len(found)} notebooks that came back {ADVICE[fault]}. (The first: {first})")
    changed = sorted({(each.notebook, question) for each, held in found for question in held.changed})
    if changed and not new_key:
        which = ", ".join(f"{question} of {notebook}" for notebook, question in changed)
        raise Mistake(
            f"what is asked has changed since it was handed out: {which}. Grade with the course as it was then or, "
            "if today's questions and answers are meant, with --new-key"
        )


def _form(secret, student_id, question):
    """The signature of all of a question that a mark depends on."""
    slips = [[slip.name, questions.plain(slip.answer)] for slip in question.slips]
    asked = [question.id, question.parameters, questions.plain(question.answer), slips, sorted(question.choices)]
    return _signature(secret, "question", student_id, [*asked, question.tolerance])


def _signature(secret, kind, student_id, what):
    text = json.dumps([kind, student_id.casefold(), what], sort_keys=True)
    return hmac.new(secret, text.encode(), "sha256").hexdigest()[:DIGITS]
