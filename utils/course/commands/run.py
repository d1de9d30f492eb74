"""``course run`` and ``course refresh``: the course's notebooks executed, into a folder or in their place."""

import os
import sys
import time
from pathlib import Path

import click

from utils.course.batches.plan import typed
from utils.course.commands.surroundings import ready_for_kernels
from utils.course.commands.terminal import harmless, say
from utils.notebook_files.reading import UnreadableNotebook, read
from utils.notebook_files.sources import course_notebooks, parameters
from utils.notebook_files.status import Status


@click.command()
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))
@click.option("-p", "settings", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the notebooks.")
@click.option("--profile", type=click.Choice(["quick", "full"]), help="How much is measured; quick by default.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/run"),
    show_default=True,
    help="The folder to write to.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=min(2, os.cpu_count() or 1),
    show_default=True,
    help="Notebooks at a time.",
)
def run(notebooks, settings, profile, out, workers):
    """Execute the NOTEBOOKS (all of the course by default).

    Writes the executed notebooks, a page for each, index.html and results.json. A failure stops no other
    notebook; any failure makes the exit code 1.
    """
    from utils.course.batches.course_run import changed_verdicts, run_course

    settings = (*settings, *([("profile", profile)] if profile else []))
    sources = list(notebooks) or course_notebooks()
    chosen = {source: _chosen(source, settings) for source in sources}
    _no_setting_is_lost(chosen, settings)
    _names_differ(sources)
    _can_write(out, sources)
    ready_for_kernels(workers)
    results = run_course(chosen, out, workers, _Display(len(sources)))
    failed = [result for result in results if result.status != Status.PASSED]
    say("")
    say(f"{len(results) - len(failed)} of {len(results)} notebooks passed: {out / 'index.html'}")
    for result in failed:
        say(f"  {result.notebook}: {result.status}. {result.error}")
    for change in changed_verdicts(chosen, out):
        say(f"  another verdict than the stored one: {change}")
    sys.exit(1 if failed else 0)


def _chosen(source, settings):
    """The settings that this notebook declares, as values in its ranges; a usage error says what is allowed."""
    try:
        declared = parameters(read(source))
    except UnreadableNotebook:
        return {}  # the run reports it, beside the notebooks that can be read
    except (SyntaxError, ValueError, KeyError, AttributeError) as error:
        raise click.UsageError(f"{source}: its parameters cell cannot be read: {error}") from error
    chosen = {}
    for name, text in settings:
        if name in declared:
            chosen[name] = value = typed(text, declared[name])
            allowed = declared[name].range
            if allowed and not allowed.allows(value):
                raise click.BadParameter(f"{name}={value!r}: {allowed} is needed ({source.name})", param_hint="-p")
    return chosen


def _no_setting_is_lost(chosen, settings):
    for name, _ in settings:
        if not any(name in values for values in chosen.values()):
            lines = [f"  {source.stem}: {', '.join(_declared(source)) or 'none'}" for source in chosen]
            raise click.BadParameter(
                f"{name}: no notebook has a parameter of that name. They have:\n" + "\n".join(lines), param_hint="-p"
            )


def _declared(source):
    try:
        return parameters(read(source))
    except UnreadableNotebook:
        return {}


def _names_differ(sources):
    stems = [source.stem for source in sources]
    for stem in stems:
        if stems.count(stem) > 1:
            raise click.UsageError(f"{stem}: named more than once; the outputs would overwrite each other")


def _can_write(out, sources):
    from utils.course.batches.course_run import output_names
    from utils.course.storage.input_files import Mistake
    from utils.course.storage.output_folder import TABLE, refuse_to_replace

    try:
        refuse_to_replace(out, output_names(sources), sources)
    except Mistake as error:
        raise click.BadParameter(str(error), param_hint="--out") from error
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        if not (out / TABLE).exists():
            (out / TABLE).write_text("[]\n")  # from now on the folder is known as one of ours
    except OSError as error:
        raise click.BadParameter(f"{out}: cannot write there: {error.strerror}", param_hint="--out") from error


class _Display:
    """Progress: a line for each notebook that ended; on a terminal also one that shows what runs now."""

    def __init__(self, total):
        self.total, self.ended, self.running = total, 0, {}
        self.live = sys.stdout.isatty()

    def __call__(self, job, event):
        name = job.source.stem
        if isinstance(event, list):
            _, number, cells = event
            started = self.running.get(name, (0, 0, time.monotonic()))[2]
            self.running[name] = number, cells, started
        else:
            self.running.pop(name, None)
            self.ended += 1
            self._clear()
            say(f"[{self.ended}/{self.total}] {name:<28} {event.status:<12} {event.seconds:6.1f} s")
        if self.live:
            self._clear()
            now = time.monotonic()
            shown = [
                f"{name} cell {n}/{cells}, {now - since:.0f} s" for name, (n, cells, since) in self.running.items()
            ]
            click.echo(harmless(" · ".join(shown))[: max(20, os.get_terminal_size().columns - 1)], nl=False)

    def _clear(self):
        if self.live:
            click.echo("\r\x1b[2K", nl=False)
