"""``course grade``: from the notebooks that came back to a table of points."""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import click

from utils.course.commands.options import cluster_options, file_type

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
@click.option("--workers", type=click.IntRange(1, 1000), help="Students whose code is judged at a time.")
@cluster_options
@click.option("--feedback", is_flag=True, help="Write a page for each student, and zip files for Canvas and Moodle.")
@click.option("--new-key", is_flag=True, help="Grade with today's questions, though they changed since the hand-out.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/grades"), show_default=True)
def grade(**options):
    """Grade the notebooks that came back, in folders and zip files, without running them.

    With --code the functions of exercises in code are run in a sandbox, on inputs that no student has seen, here or
    on a dask cluster. What was read and judged is kept: the same command goes on where it was stopped, and a late file
    costs little more than itself.

    Writes grades.csv (each student's points), answers.csv (every answer, its verdict and its key), predictions.csv
    (every prediction beside what was measured), concepts.csv (the class's gain in the questions on concepts),
    questions.csv and slips.csv (how each question went), same_work.csv (answers that two share to the letter),
    left_out.csv (what could not be used, and why) and index.html. A right answer gives one point, all else none,
    unless --marks says otherwise. Where nobody can be sure whose a file is, unclear.csv asks: fill in its column 'id',
    and grade again into the same folder. The exit code is 1 if a file or a line of the roster had to be left out.
    """
    from utils.course.commands.terminal import say, sentence
    from utils.course.marking.grading import graded
    from utils.course.storage.input_files import Mistake
    from utils.course.workers.cluster import CannotStart, WorkersGone

    asked = SimpleNamespace(**options)
    if asked.column and not asked.fill:
        raise click.UsageError("--column names a column of the table to fill: --fill is missing")
    clusters = [each for each in (asked.scheduler, asked.slurm, asked.pbs) if each]
    if (asked.workers or clusters) and not asked.code:
        raise click.UsageError("--workers, --scheduler, --slurm and --pbs say who judges code: --code is missing")
    if len(clusters) > 1:
        raise click.UsageError("--scheduler, --slurm and --pbs: one of them is enough")
    try:
        given = _read(asked)
        worth = {"secret": given.secret, "scheme": given.scheme, "code": given.code}
        how = {"attempts": asked.attempts, "new_key": asked.new_key}
        found = graded(given.sources, given.students, given.collected, **worth, **how)
        written = _write(asked, given, found)
    except (Mistake, CannotStart, WorkersGone, OSError) as error:
        raise click.UsageError(sentence(error)) from error
    for told in (*_came(asked, given), *written, *_remarks(asked, given, found)):
        say(told)
    sys.exit(1 if found.left_out else 0)


@dataclass(frozen=True)
class _Given:
    """What was read: notebooks, students, the lines filled in before, what came back, the key, and what it is worth."""

    store: object
    sources: list
    students: list
    groups: Counter
    filled: list
    collected: object
    secret: bytes | None
    scheme: object
    code: dict | None


def _read(asked):
    """The ``_Given`` by these options; ``Mistake`` where something cannot be used. Only what is kept is written."""
    from utils.course.batches.plan import sources
    from utils.course.hand_ins.collect import LeftOut, collected
    from utils.course.hand_ins.owners import Owners
    from utils.course.hand_ins.readings import READINGS, Readings
    from utils.course.hand_ins.unclear import UNCLEAR, filled_in, renamed
    from utils.course.marking.code_verdicts import KEPT, code_of_the_course
    from utils.course.marking.giving_back import FEEDBACK
    from utils.course.marking.grading import questions_of
    from utils.course.marking.marking_scheme import PLAIN
    from utils.course.pages.grade_index import FILES
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.output_folder import keep_inputs
    from utils.course.storage.store import FolderStore
    from utils.course.students.roster import roster
    from utils.course.students.variants import secret_at
    from utils.notebook_files.sources import course_notebooks

    usable, unusable = sources(list(asked.notebooks) or course_notebooks())
    if unusable:
        raise Mistake("\n".join(each.error for each in unusable))
    store = FolderStore(asked.out)
    files = asked.roster, asked.secret, asked.scheme, asked.fill
    inputs = [*asked.returned, *asked.notebooks, *filter(None, files)]
    outputs = [*FILES, *FEEDBACK, UNCLEAR, KEPT, READINGS, *filter(None, [_filled_name(asked)])]
    keep_inputs(store, outputs, [path for path in inputs if path.is_file()])
    scheme = _scheme(asked.scheme, usable) if asked.scheme else PLAIN
    students, refused = roster(asked.roster)
    groups = Counter(each.group for each in students if asked.groups and each.group)
    if asked.groups and not groups:
        raise Mistake(f"{asked.roster}: --groups needs a column 'group' in it")
    filled = filled_in(asked.out / UNCLEAR)
    whose = Owners(students, {each.place: each.id for each in filled if each.id}, asked.groups)
    questions = questions_of(usable)
    secret = asked.secret and secret_at(asked.secret)
    kept = Readings(store, secret, code_of_the_course())
    came = collected(asked.returned, whose, questions, renamed(filled, questions), kept)
    came.left_out += [LeftOut(f"{asked.roster.name}, line {line}", reason) for line, _, reason in refused]
    code = None
    if asked.code:
        code = _code_verdicts(asked, usable, came.returned, secret, store, [*inputs, asked.out])
    return _Given(store, usable, students, groups, filled, came, secret, scheme, code)


def _write(asked, given, found):
    """Write all files; returns sentences on them. ``Mistake`` before anything is written."""
    from utils.course.hand_ins.unclear import UNCLEAR, unclear_csv
    from utils.course.marking.filling import table_filled
    from utils.course.pages.feedback import pages
    from utils.course.pages.grade_index import reachable, totals

    store, told, files = given.store, [], found.tables()
    if asked.fill:
        points, most = totals(found.marks), sum(reachable(found.marks).values())
        content, put = table_filled(asked.fill, asked.column, points, most, given.collected.returned)
        files[_filled_name(asked)] = content
        told += [f"Filled: {asked.out / _filled_name(asked)}", *put]
    for name, content in files.items():
        store.write(name, content, mode=0o600)
    if asks := unclear_csv(found.left_out, given.filled):
        store.write(UNCLEAR, asks, mode=0o600)
    else:
        store.remove(UNCLEAR)
    if asked.feedback:
        told += _give_back(store, dict(pages(found.marks, found.predictions)), given.collected.returned)
    store.sweep()
    return told


def _filled_name(asked):
    return f"filled_{asked.fill.name}" if asked.fill else ""


def _came(asked, given):
    """A sentence on how much came back."""
    returned = given.collected.returned
    count, came = (len({getattr(each, name) for each in returned}) for name in ("place", "student"))
    yield f"{count} notebooks of {came} of {len(given.students)} students: {asked.out / 'index.html'}"


def _remarks(asked, given, found):
    """Sentences on what an instructor may not expect."""
    from utils.course.hand_ins.unclear import UNCLEAR

    if given.groups:
        largest = max(given.groups.values())
        yield f"  a hand-in counts for a whole group: {len(given.groups)} groups of up to {largest} students"
    undated = {each.place for each in given.collected.returned if each.date is None and not each.attachment}
    if given.scheme.due and undated:
        yield f"  nothing tells when {len(undated)} of them came: no points are taken off them for lateness"
    if waiting := sum(each.waits for each in found.marks):
        yield f"  for you to judge, without points until then: {waiting} functions ('To look at' on that page)"
    gone = found.no_longer_asked
    for (notebook, name), count in gone.most_common(SHOWN):
        yield f"  no longer asked, without points: {name} of {notebook} (handed out to {count} of them)"
    if len(gone) > SHOWN:
        yield f"  no longer asked, without points: {len(gone) - SHOWN} more, most of them in few hand-ins"
    if given.collected.not_graded:
        names = {each.notebook for each in given.collected.not_graded}
        yield f"  not graded now: {len(given.collected.not_graded)} files of {', '.join(sorted(names))}"
    if given.collected.others:
        kinds = ", ".join(sorted(given.collected.others))
        yield f"  not looked at: {given.collected.others.total()} files that are no notebooks ({kinds})"
    for each in found.left_out[:SHOWN]:
        yield f"  left out: {each.place}: {each.reason}"
    if len(found.left_out) > SHOWN:
        yield f"  left out: {len(found.left_out) - SHOWN} more: {asked.out / 'left_out.csv'}"
    if any(each.asks for each in found.left_out):
        yield f"Whose these are can be filled in: in the column 'id' of {asked.out / UNCLEAR}. Then grade again."


def _code_verdicts(asked, usable, returned, key, store, private):
    """What each function comes to in a sandbox; ``Mistake`` where there is none."""
    from tqdm import tqdm

    from utils.course.marking.code_verdicts import code_verdicts, of_this_machine
    from utils.course.sandbox.bubblewrap import why_not
    from utils.course.storage.input_files import Mistake
    from utils.course.workers.cluster import cluster_workers

    def of_a_cluster(students):
        system = "slurm" if asked.slurm else "pbs" if asked.pbs else None
        return cluster_workers(asked.scheduler, system, min(asked.workers or students, students))

    def of_here(students):
        return of_this_machine(students, asked.workers)

    def shown(done, total):
        return tqdm(done, total=total, unit=" students", disable=None, dynamic_ncols=True, leave=False, smoothing=0)

    elsewhere = asked.scheduler or asked.slurm or asked.pbs
    if not elsewhere and why_not():
        raise Mistake(f"{why_not()} Everything else is graded without --code.")
    return code_verdicts(usable, returned, key, store, private, of_a_cluster if elsewhere else of_here, shown)


def _scheme(path, usable):
    """The ``Scheme`` in a file; ``Mistake`` if it cannot be used."""
    from utils.course.batches.values import yaml_of
    from utils.course.marking.marking_scheme import scheme_of
    from utils.course.storage.input_files import Mistake, text_of
    from utils.notebook_files.sources import course_notebooks

    names = dict.fromkeys([*(each.name for each in usable), *(each.stem for each in course_notebooks())])
    try:
        return scheme_of(yaml_of(text_of(path)), list(names))
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
