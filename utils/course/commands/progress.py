"""How far a run or a batch is: a bar on a terminal, and nothing elsewhere."""

import sys

from tqdm import tqdm

from utils.course.commands.terminal import harmless, say
from utils.notebook_files.status import Status


class Progress:
    """Hears of what happens to the jobs; a bar shows how many have ended, how many failed, and what runs now.

    Where ``lines`` is true, a line is printed for each that ended, on a terminal or not.
    """

    def __init__(self, total, ended=0, stop=None, lines=False, file=None):
        self.total, self.count, self.failed, self.running = total, ended, 0, {}
        self._stop, self._lines, self._warned = stop, lines, False
        self._bar = tqdm(
            total=total, initial=ended, unit=" notebooks", disable=None, dynamic_ncols=True, leave=False, smoothing=0,
            file=file or sys.stderr,
        )  # fmt: skip

    def told(self, arguments, said):
        """A worker says of its job: ``("cell", number, cells)``. Called from other threads."""
        job, (_, number, cells) = arguments[0], said
        self.running[job.notebook, job.label] = f"{job.notebook} {job.label}".strip() + f" {number}/{cells}"

    def ended(self, outcome):
        """A job has ended."""
        self.running = {key: text for key, text in self.running.items() if key[0] != outcome.notebook}
        self.count += 1
        self.failed += outcome.status != Status.PASSED
        if self._lines:
            line = f"{outcome.notebook:<28} {outcome.status:<12} {outcome.seconds:6.1f} s"
            with self._bar.external_write_mode(file=sys.stdout):
                say(f"[{self.count}/{self.total}] {line}")
        self._bar.update()

    def look(self):
        """Show what has changed; say once that somebody asked to stop."""
        if self._stop and self._stop.asked and not self._stop.at_once and not self._warned:
            self._warned = True
            with self._bar.external_write_mode(file=sys.stderr):
                say("Nothing new is begun; the running notebooks finish. Ctrl-C again ends them.", err=True)
        failed = [f"{self.failed} failed"] if self.failed else []
        self._bar.set_postfix_str(harmless(" · ".join([*failed, *list(self.running.values())[:4]])))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._bar.close()
