"""What the course uses of other packages beyond what their documentation promises: named here, so that a new version
of a package that changes it fails here, and says where to look."""

import atexit
import importlib.util
import inspect
import threading

import nbclient.client
import nbclient.exceptions
import papermill.clientwrap
import papermill.engines
import papermill.execute
import pytest

# Loaded anew: conftest.py has put its own functions into the one that is imported.
NBVAL = importlib.util.module_from_spec(importlib.util.find_spec("nbval.plugin"))
NBVAL.__spec__.loader.exec_module(NBVAL)

USED = {
    "utils/course/warm_kernels/child.py ends a kernel without taking the interpreter apart": [
        (threading, "_shutdown", []),
        (atexit, "_run_exitfuncs", []),
    ],
    "utils/course/engine/client.py puts outputs into the notebook by nbclient, and talks to the kernel itself": [
        (nbclient.client, "timestamp", ["msg"]),
        (nbclient.client.NotebookClient, "process_message", ["self", "msg", "cell", "cell_index"]),
        (nbclient.client.NotebookClient, "reset_execution_trackers", ["self"]),
        (nbclient.client.NotebookClient, "set_widgets_metadata", ["self"]),
        (nbclient.client.NotebookClient, "create_kernel_manager", ["self"]),
        (papermill.clientwrap.PapermillNotebookClient, "process_message", ["self", "arg", "kwargs"]),
    ],
    "utils/course/engine/papermill_engine.py keeps papermill's books": [
        (papermill.engines.NotebookExecutionManager, name, ["self", *more, "kwargs"])
        for name, more in {
            "save": [],
            "notebook_start": [],
            "cell_start": ["cell", "cell_index"],
            "cell_exception": ["cell", "cell_index"],
            "cell_complete": ["cell", "cell_index"],
            "notebook_complete": [],
        }.items()
    ],
    "conftest.py compares outputs instead of nbval": [
        (NBVAL.IPyNbCell, "compare_outputs", ["self", "test", "ref", "skip_compare"]),
        (NBVAL.IPyNbCell, "sanitize", ["self", "s"]),
    ],
}


@pytest.mark.parametrize("use", USED)
def test_what_is_used_of_other_packages_is_there(use):
    for owner, name, parameters in USED[use]:
        function = getattr(owner, name, None)
        assert function, f"{owner.__name__}.{name} is gone: {use}"
        try:
            found = list(inspect.signature(function).parameters)
        except ValueError:
            continue  # written in C, without a signature
        assert found == parameters, f"{owner.__name__}.{name} takes other arguments: {use}"


def test_the_rest_of_what_is_used_is_there():
    assert issubclass(nbclient.exceptions.CellExecutionComplete, Exception), "raised by process_message at the end"
    assert "self.clear_before_next_output" in inspect.getsource(nbclient.client.NotebookClient.output), (
        "set at each cell"
    )
    assert papermill.execute.ERROR_MARKER_TAG, "utils/course/engine/execute.py removes cells with this tag"
