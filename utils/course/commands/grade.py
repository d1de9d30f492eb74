"""``course grade``: from the notebooks that came back to a table of points."""

import sys
from collections import Counter
from pathlib import Path

import click

from utils.course.commands.options import file_type

SHOWN = 20  # of what was left out: a table holds all


@click.command()
@click.argument("returned", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--roster", type=file_type, required=True, help="Students (CSV: id, name, group, email, canvas, moodle).")
@click.option("--secret", type=file_type, help="The course's key file, if variants were handed out.")
@click.option(
    "--notebook", "notebooks", multiple=True, type=file_type, help="One that was handed out; by default the course's."
)
@click.option("--groups", is_flag=True, help="Groups hand in: one hand-in counts for all of a group of the roster.")
@click.option(
    "--attempts",
    type=click.Choice(["agreed", "latest", "first", "best"]),
    default="agreed",
    show_default=True,
    help="What counts of a notebook that came back more than once.",
)
@click.option("--marks", "scheme", type=file_type, help="What answers are worth, and corrections by hand (YAML).")
@click.option("--fill", type=file_type, help="A table of Canvas or Moodle to fill with the points, as a copy.")
@click.option("--column", help="The column to fill, where it is not clear.")
@click.option("--code", is_flag=True, help="Grade exercises in code, too: their functions are run in a sandbox.")
@click.option("--feedback", is_flag=True, help="Write a page for each student, and zip files for Canvas and Moodle.")
@click.option("--new-key", is_flag=True, help="Grade with today's questions, though they changed since the hand-out.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/grades"), show_default=True)
def grade(returned, roster, secret, notebooks, groups, attempts, scheme, fill, column, code, feedback, new_key, out):
    """Grade the notebooks that came back, in folders and zip files, without running them.

    With --code the functions of exercises in code are run in a sandbox, on inputs that no student has seen.

    Writes grades.csv (each student's points), answers.csv (every answer, its verdict and its key), predictions.csv
    (every prediction beside what was measured), concepts.csv (the class's gain in the questions on concepts),
    questions.csv and slips.csv (how each question went), same_work.csv (answers that two share to the letter),
    left_out.csv (what could not be used, and why) and index.html. A right answer gives one point, all else none,
    unless --marks says otherwise. Where nobody can be sure whose a file is, unclear.csv asks: fill in its column 'id',
    and grade again into the same folder. The exit code is 1 if a file or a line of the roster had to be left out.
    """
    from utils.course.batches.plan import sources
    from utils.course.commands.terminal import say
    from utils.course.hand_ins.collect import LeftOut, collected
    from utils.course.hand_ins.owners import Owners
    from utils.course.hand_ins.unclear import UNCLEAR, filled_in, renamed, unclear_csv
    from utils.course.marking.code_verdicts import KEPT
    from utils.course.marking.filling import table_filled
    from utils.course.marking.gains import gains
    from utils.course.marking.giving_back import FEEDBACK
    from utils.course.marking.item_statistics import item_statistics
    from utils.course.marking.marking_scheme import PLAIN
    from utils.course.marking.marks import marks
    from utils.course.marking.predicted import predictions
    from utils.course.marking.same_work import same_work
    from utils.course.pages.feedback import pages
    from utils.course.pages.grade_index import FILES, reachable, reports, totals
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.output_folder import keep_inputs
    from utils.course.storage.store import FolderStore
    from utils.course.students.roster import roster as roster_students
    from utils.course.students.variants import secret_at
    from utils.notebook_files.reading import tagged
    from utils.notebook_files.sources import course_notebooks

    if column and not fill:
        raise click.UsageError("--column names a column of the table to fill: --fill is missing")
    try:
        usable, unusable = sources(list(notebooks) or course_notebooks())
        if unusable:
            raise Mistake("\n".join(each.error for each in unusable))
        store = FolderStore(out)
        inputs = [*returned, *notebooks, *filter(None, (roster, secret, scheme, fill))]
        filled_name = [f"filled_{fill.name}"] if fill else []
        keep_inputs(
            store, [*FILES, *FEEDBACK, *filled_name, UNCLEAR, KEPT], [path for path in inputs if path.is_file()]
        )
        worth = _scheme(scheme, usable) if scheme else PLAIN
        students, refused = roster_students(roster)
        sizes = Counter(each.group for each in students if groups and each.group)
        if groups and not sizes:
            raise Mistake(f"{roster}: --groups needs a column 'group' in it")
        filled = filled_in(out / UNCLEAR)
        whose = Owners(students, {each.place: each.id for each in filled if each.id}, groups)
        asked = {one.name: {each.metadata.get("question") for each in tagged(one.notebook, "answer")} for one in usable}
        found = collected(returned, whose, asked, renamed(filled, asked))
        found.left_out += [LeftOut(f"{roster.name}, line {line}", reason) for line, _, reason in refused]
        key = secret and secret_at(secret)
        verdicts = _code_verdicts(usable, found.returned, key, store, [*inputs, out]) if code else None
        made, left_out = marks(usable, students, key, found, attempts, new_key, worth, verdicts)
        gone = {each.place for each in left_out}
        learned = gains([each for each in found.returned if each.place not in gone])
        foretold = predictions(usable, found)
        items, same = item_statistics(made), same_work(made, found.returned, usable)
        if fill:
            content, put = table_filled(fill, column, totals(made), sum(reachable(made).values()), found.returned)
        for name, text in reports(made, left_out, foretold, learned, items, same).items():
            store.write(name, text, mode=0o600)
        if asks := unclear_csv(left_out, filled):
            store.write(UNCLEAR, asks, mode=0o600)
        else:
            store.remove(UNCLEAR)
        told = []
        if fill:
            store.write(filled_name[0], content, mode=0o600)
            told += [f"Filled: {out / filled_name[0]}", *put]
        if feedback:
            told += _give_back(store, dict(pages(made, foretold)), found.returned)
        store.sweep()
    except (Mistake, OSError) as error:
        raise click.UsageError(str(error)) from error
    came = len({each.student for each in found.returned})
    count = len({each.place for each in found.returned})
    say(f"{count} notebooks of {came} of {len(students)} students: {out / 'index.html'}")
    for sentence in told:
        say(sentence)
    if sizes:
        say(f"  a hand-in counts for a whole group: {len(sizes)} groups of up to {max(sizes.values())} students")
    undated = {each.place for each in found.returned if each.date is None and not each.attachment}
    if worth.due and undated:
        say(f"  nothing tells when {len(undated)} of them came: no points are taken off them for lateness")
    if found.others:
        kinds = ", ".join(sorted(found.others))
        say(f"  not looked at: {found.others.total()} files that are no notebooks ({kinds})")
    for each in left_out[:SHOWN]:
        say(f"  left out: {each.place}: {each.reason}")
    if len(left_out) > SHOWN:
        say(f"  left out: {len(left_out) - SHOWN} more: {out / 'left_out.csv'}")
    if any(each.asks for each in left_out):
        say(f"Whose these are can be filled in: in the column 'id' of {out / UNCLEAR}. Then grade again.")
    sys.exit(1 if left_out else 0)


def _code_verdicts(usable, returned, key, store, private):
    """What each function comes to in a sandbox; ``Mistake`` where there is none."""
    from utils.course.marking.code_verdicts import code_verdicts
    from utils.course.sandbox.bubblewrap import why_not
    from utils.course.storage.input_files import Mistake

    if why_not():
        raise Mistake(f"{why_not()} Everything else is graded without --code.")
    return code_verdicts(usable, returned, key, store, private)


def _scheme(path, usable):
    """The ``Scheme`` in a file; ``Mistake`` if it cannot be used."""
    import yaml

    from utils.course.batches.values import yaml_of
    from utils.course.marking.marking_scheme import scheme_of
    from utils.course.storage.input_files import Mistake, text_of
    from utils.notebook_files.sources import course_notebooks

    names = dict.fromkeys([*(each.name for each in usable), *(each.stem for each in course_notebooks())])
    try:
        return scheme_of(yaml_of(text_of(path)), list(names))
    except yaml.YAMLError as error:
        raise Mistake(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    except Mistake as error:
        raise Mistake(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from error


def _give_back(store, pages, returned):
    """Write the pages and the zip files of feedback, remove those of earlier runs, and return sentences on them."""
    from utils.course.marking.giving_back import FEEDBACK, platform_zips

    folder, *zip_names = FEEDBACK
    for student, page in pages.items():
        store.write(f"{folder}/{student.id}.html", page, mode=0o600)
    for name in store.names(folder) - {f"{each.id}.html" for each in pages}:
        if name.endswith(".html"):
            store.remove(f"{folder}/{name}")
    zips, elsewhere = platform_zips(pages, returned)
    for name in zip_names:
        if name in zips:
            store.write(name, zips[name], mode=0o600)
        else:
            store.remove(name)
    yield f"Feedback: {store.root / folder} ({len(pages)} pages)"
    yield from (f"  to upload: {store.root / name}" for name in zips)
    if zips and elsewhere:
        yield f"  in none of them: {', '.join(each.id for each in elsewhere)}"
