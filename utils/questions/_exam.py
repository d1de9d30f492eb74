"""An exam: the notebook's cell of the variant sets ``exam``, and until it is handed in nothing tells what is right.

The kernel sees no more than that line. Whether it is there is looked at anew each time; nothing is kept here.
"""

import re
import sys
from dataclasses import replace

EXAM = "exam"  # the name that the cell sets
SIGNATURE = re.compile("[0-9a-f]{32}")
EXAM_SENTENCE = "This is an exam: verdicts, hints and solutions come after you have handed it in."


def in_exam():
    """Whether the notebook of this kernel is an exam's."""
    said = getattr(sys.modules.get("__main__"), EXAM, None)
    return isinstance(said, str) and bool(SIGNATURE.fullmatch(said))


def withheld(judgment):
    """The judgment as an exam shows it: how the answer was read, and nothing on whether it is right."""
    if judgment.verdict not in ("right", "slip", "wrong"):
        return judgment
    given = judgment.answer if isinstance(judgment.answer, list) else [judgment.answer]
    read = f"Your answer: {', '.join(map(str, given))}."
    return replace(judgment, verdict="exam", slip=None, explanation=(read, EXAM_SENTENCE))
