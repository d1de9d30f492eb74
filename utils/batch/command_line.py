"""The command ``course``."""

from importlib import import_module

import click

COMMANDS = {
    "batch": "utils.batch.batch_command",
    "data": "data_scripts.command_line",
    "grade": "utils.batch.grade_command",
    "hand-out": "utils.batch.batch_command",
    "kernels": "utils.batch.kernels_command",
    "questions": "utils.batch.questions_command",
    "refresh": "utils.batch.run_command",
    "run": "utils.batch.run_command",
}


class _Commands(click.Group):
    """The commands; a module is imported when its command is named. A batch's processes import this one, too."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        return getattr(import_module(COMMANDS[name]), name.replace("-", "_")) if name in COMMANDS else None


@click.group(cls=_Commands)
@click.version_option(package_name="convnet-course")
def main():
    """The convnet course: run its notebooks, look at its questions, fetch its data."""
