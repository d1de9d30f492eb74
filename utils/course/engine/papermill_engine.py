"""The papermill engine ``course``: papermill's outputs, and the truth about what became of the notebook.

It can be named to papermill itself: ``papermill --engine course``. The words are those of
``utils.notebook_files.status``.
"""

import ast
import time

from papermill.engines import Engine, NotebookExecutionManager
from papermill.log import logger

from utils.course.engine.client import Client, NotPassed
from utils.course.engine.watch import Watch
from utils.notebook_files.reading import tagged
from utils.notebook_files.status import Status, plain

BUILT_IN = {"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"}  # parameters that papermill adds (--inject-paths)


class CourseEngine(Engine):
    """Executes a notebook; raises ``NotPassed`` or ``PapermillExecutionError`` unless it truly passed."""

    @classmethod
    def execute_notebook(
        cls,
        nb,
        kernel_name,
        output_path=None,
        progress_bar=True,
        log_output=False,
        autosave_cell_every=30,
        kept=None,
        **options,
    ):
        """The executed notebook; ``options`` are those of ``execute_managed_notebook``.

        It is added to the list ``kept`` at the beginning: papermill does not return a notebook that failed.
        """
        if kept is not None:
            kept.append(nb)
        record = Record(nb, output_path, log_output, progress_bar, autosave_cell_every)
        record.notebook_start()
        try:
            cls.execute_managed_notebook(record, kernel_name, log_output=log_output, **options)
        except Exception as failure:
            record.conclude(Status.FAILED, f"{type(failure).__name__}: {plain(failure)}")
            raise
        finally:
            record.cleanup_pbar()
            record.notebook_complete()
        return record.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man,
        kernel_name,
        start_timeout=60,
        execution_timeout=None,
        deadline=None,
        memory=None,
        on_cell=None,
        box=None,
        input_path=None,
        **options,
    ):
        """Execute the notebook of ``nb_man``.

        ``start_timeout``, ``execution_timeout`` and ``deadline`` bound the kernel's start, each cell and the whole
        notebook, in seconds; ``memory`` bounds the kernel and all processes below it, in bytes (see
        ``ProcessTree.memory``). ``on_cell(number, cells)`` is called as each cell starts, counted from 1. ``box`` is
        the sandbox of the kernel, if it has one.
        """
        _refuse_unknown_parameters(nb_man)
        Client(
            nb_man,
            watch=Watch(time.monotonic(), deadline, memory, box.threads if box else None),
            on_cell=on_cell,
            box=box,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout or options.pop("timeout", None),
            log=logger,
            **options,
        ).execute()


class Record(NotebookExecutionManager):
    """papermill's bookkeeper, except that cells that did not complete are not called completed.

    It saves as papermill does, at every start and end of a cell, but spends no more than a twentieth of the time
    on it.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._saved, self._save_took = float("-inf"), 0.0

    def notebook_start(self, **kwargs):
        for key in ("status", "error"):
            self.nb.metadata.papermill.pop(key, None)
        super().notebook_start(**kwargs)

    def cell_failed(self, cell, cell_index, status, error):
        """The cell ended so, and with it the notebook."""
        self.cell_exception(cell, cell_index=cell_index)
        self.cell_complete(cell, cell_index=cell_index)
        cell.metadata.papermill["status"] = str(status)
        self.conclude(status, error)

    def conclude(self, status, error=""):
        """The notebook ended so; the first such word stands."""
        about = self.nb.metadata.papermill
        if "status" not in about:
            about["status"], about["error"] = str(status), error
            about["exception"] = status != Status.PASSED or None

    def notebook_complete(self, **kwargs):
        for cell in self.nb.cells:
            about = cell.metadata.papermill
            if about["status"] == self.PENDING:
                about["status"] = str(Status.NEVER_RAN)
            elif about["status"] == self.RUNNING:
                about["status"] = self.FAILED
        super().notebook_complete(**kwargs)

    def save(self, **kwargs):
        if self.end_time is None and time.monotonic() - self._saved < 20 * self._save_took:
            return
        started = time.monotonic()
        super().save(**kwargs)
        self._saved = time.monotonic()
        self._save_took = self._saved - started


def _refuse_unknown_parameters(nb_man):
    """papermill only warns of a parameter that the notebook does not have."""
    given = nb_man.nb.metadata.papermill.get("parameters", {}).keys() - BUILT_IN
    try:
        declared = {
            node.id
            for cell in tagged(nb_man.nb, "parameters")
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    except SyntaxError:
        return  # not plain Python, so nobody can tell before it runs
    if unknown := sorted(given - declared):
        has = f"it has {', '.join(sorted(declared))}" if declared else "it has none (no cell tagged parameters)"
        error = f"{', '.join(unknown)}: the notebook has no parameter of that name; {has}"
        nb_man.conclude(Status.UNKNOWN_PARAMETER, error)
        raise NotPassed(f"{Status.UNKNOWN_PARAMETER}: {error}")
