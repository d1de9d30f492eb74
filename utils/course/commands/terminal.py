"""What the commands print: harmless whatever a name holds, and never the end of a run."""

import contextlib
import json
import os
import re
import sys

import click

STOPPED = 130  # the exit code after Ctrl-C, as shells have it
# Control characters, line breaks of all kinds, halves of characters, and what turns the direction of writing.
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def say(text, err=False):
    """Print ``text`` as one line, to the standard error if ``err``; control characters show as escapes.

    Whatever becomes of the terminal, the command goes on.
    """
    _print(harmless(text), err)


def say_json(value):
    """Print ``value`` as JSON, in ASCII: no terminal stumbles over it."""
    _print(json.dumps(value, indent=1))


def harmless(text):
    """``text`` with control characters, line breaks and changes of direction written as ``\\x1b``, ``\\n``, …"""
    return HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def sentence(error):
    """What is wrong, by an exception: of a system's error the file and the words, without its number."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def replace_what_cannot_be_encoded():
    """Let the standard streams write escapes for what the terminal has no letters for."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _print(text, err=False):
    try:
        click.echo(text, err=err)
    except (OSError, ValueError):  # closed, or its reader is gone: nobody listens any more
        stream = sys.stderr if err else sys.stdout
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
