"""The commands ``course data list`` and ``course data fetch``."""

import click

from utils.course.commands.terminal import say

# The commands import what they need when they run: ``course --help`` should not wait for it.


@click.group()
def data():
    """List the data sets of the course, and fetch those that are not on this machine."""


@data.command("list")
def list_data_sets():
    """List the data sets, and where they are."""
    from data_scripts.data_sets import DATA_SETS, available
    from data_scripts.prepared import cache_folder

    say("photos         here      patches of scikit-image's photographs; comes with the course")
    say("folder         yours     your own images, one folder a class")
    for name, module in DATA_SETS.items():
        megabytes = sum(remote.size for remote in module.FILES) / 1e6
        state = "here" if available(name) is not None else f"{megabytes:.0f} MB"
        say(f"{name:<15}{state:<10}{module.ABOUT}")
    say(f"Fetched data sets are kept in {cache_folder()}")


@data.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def fetch_data_sets(names):
    """Download, check and prepare the data sets NAME…; what is there already is kept."""
    from data_scripts.data_sets import DATA_SETS, available, fetch_data_set
    from data_scripts.fetch import FetchError

    if unknown := [name for name in names if name not in DATA_SETS]:
        raise click.UsageError(f"{', '.join(unknown)}: one of {', '.join(DATA_SETS)} is needed")
    for name in names:
        if available(name) is not None:
            say(f"{name} is on this machine already.")
            continue
        try:
            fetch_data_set(name)
        except (FetchError, ValueError) as error:
            raise click.ClickException(f"{name} could not be fetched. {error}") from error
        say(f'{name} is ready: load("{name}")')
