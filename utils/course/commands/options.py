"""Options that several commands have."""

import math
from pathlib import Path

import click

file_type = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file_type = click.Path(dir_okay=False, path_type=Path)  # made where there is none
MOST_SECONDS = 30 * 24 * 3600


class Seconds(click.FloatRange):
    """A number of seconds, at least one; neither infinite nor none at all."""

    name = "seconds"

    def __init__(self):
        super().__init__(1, MOST_SECONDS)

    def convert(self, value, parameter, context):
        seconds = super().convert(value, parameter, context)
        if not math.isfinite(seconds):
            self.fail(f"{value} is not in the range {self._describe_range()}", parameter, context)
        return seconds


notebooks_argument = click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))
settings_option = click.option(
    "-p", "settings", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the notebooks."
)
start_timeout_option = click.option(
    "--start-timeout", type=click.IntRange(1), default=60, show_default=True, help="A kernel's most seconds to start."
)


def cluster_options(command):
    """Add the options that say which dask cluster does the work."""
    for option in (
        click.option("--pbs", is_flag=True, help="Start dask workers as PBS jobs."),
        click.option("--slurm", is_flag=True, help="Start dask workers as SLURM jobs."),
        click.option("--scheduler", metavar="ADDRESS", help="Work on the dask cluster of this scheduler."),
    ):
        command = option(command)
    return command
