"""Which notebooks run after which others."""

import graphlib

from utils.course.storage.input_files import Mistake


def order(sources):
    """``(after, remarks)``: what must have ended before a notebook begins, by name, and what is odd in its metadata.

    A notebook names the others in ``metadata.course.after``. ``Mistake`` for a circle.
    """
    after, remarks = {}, {}
    names = {source.name for source in sources}
    for source in sources:
        course = source.notebook.metadata.get("course", {})
        named = course.get("after", []) if isinstance(course, dict) else None
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            named, remarks[source.name] = [], "metadata.course: {'after': ['01_topic', …]} is needed; it was not read"
        after[source.name] = [name for name in named if name in names]
    try:
        graphlib.TopologicalSorter(after).prepare()
    except graphlib.CycleError as circle:
        raise Mistake(f"metadata.course.after leads in a circle: {' → '.join(reversed(circle.args[1]))}") from circle
    return after, remarks
