"""``course exercises``: the instructor's view of all exercises in code."""

import click

from utils.course.commands.terminal import say, say_json


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--json", "as_json", is_flag=True, help="Write a list of objects instead of text.")
def exercises(ids, as_json):
    """Show the exercises of these IDs (all by default) with slips, hints and solution."""
    from utils import exercises as course

    known = course.exercises()
    if unknown := [each for each in ids if each not in known]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}", param_hint="ID")
    notebooks = _notebooks()
    records = [_record(course.exercise(each), notebooks.get(each, "")) for each in ids or known]
    if as_json:
        say_json(records)
        return
    for line in "\n\n".join(map(_text, records)).split("\n"):
        say(line)


def _notebooks():
    """The notebook of each exercise, ``{id: name}``."""
    from utils.notebook_files.reading import read, tagged
    from utils.notebook_files.sources import course_notebooks

    return {
        cell.metadata.get("exercise"): path.stem
        for path in course_notebooks()
        for cell in tagged(read(path), "exercise")
    }


def _record(exercise, notebook):
    from utils.exercises import source_of

    return {
        "id": exercise.id,
        "notebook": notebook,
        "kind": exercise.kind,
        "points": exercise.points,
        "text": exercise.text,
        "stub": exercise.stub,
        "slips": [{"name": each.name, "why": each.why} for each in (*exercise.slips, *exercise.faults)],
        "hints": list(exercise.hints),
        "solution": source_of(exercise.solution),
    }


def _text(record):
    lines = [
        f"{record['id']} ({record['kind']}, {record['points']} points, {record['notebook'] or 'in no notebook'})",
        f"  exercise    {record['text']}",
        *(f"  slip        {each['name']}. {each['why']}" for each in record["slips"]),
        *(f"  hint {number}      {hint}" for number, hint in enumerate(record["hints"], 1)),
        "  solution",
        *(f"    {line}" for line in record["solution"].splitlines()),
    ]
    return "\n".join(lines)
