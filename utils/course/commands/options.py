"""Options that several commands have."""

from pathlib import Path

import click

notebooks_argument = click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))


file_type = click.Path(exists=True, dir_okay=False, path_type=Path)
