"""What ``course evidence`` does: what there is to do, doing it, and how far it is."""

from functools import partial

from utils.course.evidence.code import code_of, together
from utils.course.evidence.comparing import differences
from utils.course.evidence.files import confirm, experiments, found, keep, known_code, missing, module_of, place
from utils.course.evidence.perform import perform

__all__ = ["carry_out", "compare", "experiments", "progress_of", "to_confirm", "to_do"]


def to_do(names, most=None, data=""):
    """The missing pieces, one of each experiment in turn: what is most important of all comes first."""
    queues = [[(name, piece) for piece in missing(name, data)[:most]] for name in names]
    longest = max(map(len, queues), default=0)
    return [queue[place] for place in range(longest) for queue in queues if place < len(queue)]


def to_confirm(names, data=""):
    """The shortest piece of each experiment whose code has changed since its numbers were kept."""
    chosen = []
    for name in names:
        kept = found(name, place(data))
        if kept["pieces"] and together(code_of(name)) not in known_code(kept):
            chosen.append((name, min(kept["pieces"], key=lambda each: each["seconds"])["piece"]))
    return chosen


def carry_out(pieces, confirming, data, workers, progress, stop):
    """Perform the pieces, keep or compare what they found; returns a sentence for each trouble."""
    collect = partial(compare if confirming else keep, folder=place(data))
    return perform(pieces, data, workers, progress, stop, collect)


def progress_of(names, data=""):
    """A line for each experiment: how many pieces are there, what they took, what the others may take."""
    lines = []
    for name in names:
        kept, left = found(name, place(data))["pieces"], missing(name, data)
        hours = sum(each["seconds"] for each in kept) / 3600
        more = f", ≈ {hours / len(kept) * len(left):.1f} more for the others" if kept and left else ""
        serves = ", ".join(module_of(name).CLAIMS)
        lines.append(f"{name:<24} {len(kept):>3} of {len(kept) + len(left)} pieces, {hours:.2f} hours{more} ({serves})")
    return lines


def compare(experiment, record, code, folder):
    """Confirm the code if the piece came out as it is kept; ``ValueError`` names what differs."""
    kept = next(each for each in found(experiment, folder)["pieces"] if each["piece"] == record["piece"])
    if wrong := differences(kept["numbers"], record["numbers"]):
        raise ValueError(f"{experiment} {record['piece']}: measured again, it differs: {'; '.join(wrong[:5])}")
    confirm(experiment, code, folder)
