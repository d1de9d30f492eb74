"""What the commands print is harmless, whatever a name holds and whatever the terminal can show."""

import io
import json
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from tiny_notebooks import course, write

from utils.course.batches.job import Job, Outcome
from utils.course.commands.main import main
from utils.course.commands.progress import Progress
from utils.course.commands.stopping import Stop
from utils.course.commands.terminal import harmless
from utils.course.students.roster import NOBODY

NASTY = "a\x1b[31mred\nsecond line\r\x9b2J\u202egnp\u2028end"
SAY = "from utils.course.commands.terminal import *; replace_what_cannot_be_encoded(); {}"


def python(code, *shell, **environment):
    command = [sys.executable, "-c", SAY.format(code)]
    if shell:
        command = ["sh", "-c", f'"$@" {" ".join(shell)}', "sh", *command]
    return subprocess.run(command, capture_output=True, check=False, env=environment or None)


def test_a_name_writes_one_line_and_reaches_no_control_of_the_terminal():
    shown = harmless(NASTY)
    assert shown == r"a\x1b[31mred\nsecond line\r\x9b2J\u202egnp\u2028end"
    assert shown.isprintable()


@pytest.mark.parametrize("text", ["卷积 Müller √", "می\u200cخواهم", "👩\u200d🏫", "e\u0301"])
def test_what_people_write_stays_as_it_is(text):
    assert harmless(text) == text


def test_what_the_terminal_has_no_letters_for_is_shown_by_its_number():
    done = python("say('Müller √'); say_json(['√']); say('√', err=True)", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("cp1252").split("\n", 1)[0] == r"Müller \u221a"
    assert json.loads(done.stdout.decode("cp1252").split("\n", 1)[1]) == ["√"]
    assert done.stderr == b"\\u221a\n"


@pytest.mark.parametrize("reader", ["| true", ">&-", "> /dev/full"])
def test_nobody_listening_does_not_end_the_command(reader):
    done = python("[say('x' * 10_000) for _ in range(100)]; say('to the end', err=True)", reader)
    assert done.stderr == b"to the end\n"


def test_a_whole_command_says_its_mistakes_on_a_terminal_without_letters(tmp_path):
    source = write(tmp_path / "√\x1b[31m.ipynb", "1")
    done = course("run", source, "-p", "√", "1", env={"PYTHONIOENCODING": "cp1252", "PATH": ""})
    assert done.returncode == 2
    assert r"\u221a: no notebook has a parameter of that name" in done.stderr
    assert r"\x1b[31m" in done.stderr
    assert "\x1b" not in done.stderr


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def last(self):
        return self.getvalue().rstrip().rsplit("\r", 1)[-1]


def test_a_bar_counts_what_ended_and_names_what_runs(capsys):
    terminal = Terminal()
    job = Job("n\x1b[31m", b"", {"depth": 4}, name="n")
    with Stop(patient=True) as stop, Progress(40, 5, stop, file=terminal) as progress:
        for number in range(5):
            progress.ended(Outcome("m", NOBODY, {}, "failed" if number < 3 else "passed"))
        progress.told((job,), ("cell", 3, 20))
        progress.look()
        assert "10/40" in terminal.last()
        assert r"3 failed · n\x1b[31m depth=4 3/20" in terminal.last()
        progress.ended(Outcome(job.notebook, NOBODY, {}, "passed"))
        progress.look()
        assert "n\\x1b" not in terminal.last()
        signal.raise_signal(signal.SIGINT)
        progress.look()
        progress.look()
    assert capsys.readouterr() == ("", "Nothing new is begun; the running notebooks finish. Ctrl-C again ends them.\n")


def test_a_log_gets_a_line_for_each_notebook_and_no_bar(capsys):
    with Progress(2, lines=True) as progress:
        progress.ended(Outcome("one", NOBODY, {}, "passed", seconds=1.25))
        progress.look()
    out, err = capsys.readouterr()
    assert out.split() == ["[1/2]", "one", "passed", "1.2", "s"]
    assert err == ""


def test_ctrl_c_before_the_first_job_is_answered_by_exit_code_130(tmp_path, monkeypatch):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("utils.course.batches.batch_run.planned", interrupted)
    done = CliRunner().invoke(main, ["batch"], prog_name="course")
    assert (done.exit_code, done.stderr) == (130, "stopped\n")


def test_a_batch_that_is_stopped_before_any_notebook_ended_says_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.course.batches.batch_run.carry_out", lambda *arguments: ([], []))
    done = CliRunner().invoke(main, ["batch", str(write(tmp_path / "one.ipynb", "1")), "--out", str(tmp_path / "out")])
    assert done.exit_code == 130
    assert done.stdout.startswith("1 not begun or not finished: the same command goes on with them: ")
