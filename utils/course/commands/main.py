"""The command ``course``."""

import sys
from importlib import import_module

import click

from utils.course.commands import surroundings
from utils.course.commands.terminal import STOPPED, harmless, replace_what_cannot_be_encoded, say

COMMANDS = {
    "batch": "utils.course.commands.batch",
    "data": "utils.course.commands.data",
    "evidence": "utils.course.commands.evidence",
    "exercises": "utils.course.commands.exercises",
    "forget": "utils.course.commands.forget",
    "grade": "utils.course.commands.grade",
    "hand-in": "utils.course.commands.hand_in",
    "hand-out": "utils.course.commands.hand_out",
    "kernels": "utils.course.commands.kernels",
    "progress": "utils.course.commands.standing",
    "questions": "utils.course.commands.questions",
    "refresh": "utils.course.commands.refresh",
    "run": "utils.course.commands.run",
    "start": "utils.course.commands.start",
}


class _Commands(click.Group):
    """The commands; a module is imported when its command is named. A batch's processes import this one, too."""

    def main(self, *arguments, **more):
        surroundings.restart_in_utf8()
        replace_what_cannot_be_encoded()
        return super().main(*arguments, **more)

    def parse_args(self, context, arguments):
        surroundings.refuse_a_copy(sys.argv[0])
        surroundings.refuse_what_is_not_utf8(arguments)
        return super().parse_args(context, arguments)

    def invoke(self, context):
        try:
            return super().invoke(context)
        except click.ClickException as mistake:
            mistake.message = "\n".join(map(harmless, mistake.message.split("\n")))
            raise
        except KeyboardInterrupt:
            say("stopped", err=True)
            context.exit(STOPPED)

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        return getattr(import_module(COMMANDS[name]), name.replace("-", "_")) if name in COMMANDS else None


@click.group(cls=_Commands)
@click.version_option(package_name="convnet-course")
def main():
    """The convnet course: run its notebooks, look at its questions, fetch its data."""
