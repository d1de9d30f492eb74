"""``course evidence``: the long runs, piece by piece."""

import os
import sys

import click

from utils.course.commands.surroundings import ready_for_kernels
from utils.course.commands.terminal import STOPPED, say


@click.command()
@click.argument("names", nargs=-1, metavar="[EXPERIMENT]...")
@click.option("--list", "listed", is_flag=True, help="Show how far each experiment is, and run nothing.")
@click.option("--pieces", type=click.IntRange(1), help="At most so many pieces of each experiment.")
@click.option("--data", type=click.Choice(["cifar10"]), help="Instead of the experiments' own images.")
@click.option("--confirm", is_flag=True, help="Measure each experiment's shortest piece again with the code as it is.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    show_default=True,
    help="Pieces at a time.",
)
def evidence(names, listed, pieces, data, confirm, workers):
    """Perform the long runs (all EXPERIMENTs by default), and keep what they find in evidence/.

    A piece takes minutes; its numbers are kept as soon as it ends. Ctrl-C lets the running pieces finish, a second one
    ends them; the same command goes on, inside a long training, too.
    """
    from utils.course.evidence import command

    data = data or ""
    known = command.experiments()
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no experiment {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = names or known
    if listed:
        for line in command.progress_of(chosen, data):
            say(line)
        return
    to_do = command.to_confirm(chosen, data) if confirm else command.to_do(chosen, pieces, data)
    if not to_do:
        say("nothing is missing" if not confirm else "nothing is there that could be confirmed")
        return
    from utils.course.commands.progress import Progress
    from utils.course.commands.stopping import Stop

    ready_for_kernels(min(workers, len(to_do)))
    with Stop(patient=True) as stop, Progress(len(to_do), lines=True, stop=stop) as progress:
        troubles = command.carry_out(to_do, confirm, data, min(workers, len(to_do)), progress, stop)
    for trouble in troubles:
        say(trouble, err=True)
    for line in command.progress_of(chosen, data):
        say(line)
    sys.exit(STOPPED if stop.asked else bool(troubles))
