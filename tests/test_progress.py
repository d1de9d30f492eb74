"""A bar of progress is seen while a cell runs, and leaves nothing in the notebook."""

import nbclient
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from utils.course.batches.refreshing import tidy
from utils.progress import Progress

CELLS = (
    """
import time
from utils.progress import Progress

def work(seconds, inner):
    with Progress("networks", 2) as networks:
        for _ in range(2):
            with Progress("training", inner) as training:
                for _ in range(inner):
                    time.sleep(seconds)
                    training.advance()
            networks.advance()
""",
    "print('before')\nwork(0.2, 4)\nprint('after')",
    "work(0.001, 4)",
    """
try:
    with Progress("training", 9) as training:
        time.sleep(0.5)
        training.advance()
        raise KeyboardInterrupt
except KeyboardInterrupt:
    print("stopped")
""",
    "work(0.2, 4)",
)


@pytest.fixture(scope="module")
def run():
    """The executed notebook, and the pictures of the bars that each cell's client was sent."""
    cells = [new_code_cell(source) for source in CELLS]
    notebook, pictures = new_notebook(cells=cells), {number: [] for number in range(len(cells))}

    class Client(nbclient.NotebookClient):
        def process_message(self, msg, cell, cell_index):
            if msg["msg_type"] == "update_display_data":
                pictures[cell_index].append(msg["content"]["data"])
            return super().process_message(msg, cell, cell_index)

    Client(notebook, kernel_name="python3", timeout=60).execute()
    return notebook, pictures


def test_the_bars_of_a_cell_are_seen_one_below_the_other_while_it_runs(run):
    *shown, last = run[1][1]
    assert last == {}
    assert len(shown) >= 2
    assert "networks: 0 of 2" in shown[0]["text/html"]
    assert "networks: 1 of 2" in shown[-1]["text/html"]
    assert shown[0]["text/html"].count("<progress") == 2
    assert "training: 4 of 4" not in shown[0]["text/html"]


def test_what_is_over_at_once_shows_no_bar(run):
    assert run[1][2] == []


def test_a_bar_goes_when_its_cell_fails_and_the_next_one_has_its_own(run):
    assert run[1][3][-1] == {}
    assert "networks: 0 of 2" in run[1][4][0]["text/html"]


def test_nothing_of_it_is_left_in_the_notebook(run):
    for cell in run[0].cells:
        assert all(output.data == {} for output in cell.outputs if output.output_type == "display_data")
    notebook = nbformat.from_dict(run[0])
    tidy(notebook)
    assert [[output.get("text") for output in cell.outputs] for cell in notebook.cells] == [
        [], ["before\nafter\n"], [], ["stopped\n"], [],
    ]  # fmt: skip


def test_outside_a_notebook_nothing_is_shown(capsys):
    with Progress("training", 2) as progress:
        progress.advance()
        progress._shown = 0
        progress.advance()
    assert capsys.readouterr() == ("", "")
