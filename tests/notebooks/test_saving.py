"""What JupyterLab's server leaves out of a notebook that it saves."""

import json
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from utils.notebook_files.saving import LIVE_VIEW, before_saving

VIEW = {"model_id": "0", "version_major": 2, "version_minor": 0}
FULL = {"name": "python", "version": "3.11.7", "file_extension": ".py"}


def saved(notebook):
    """What the hook makes of the notebook, as the contents API hands it over: plain dictionaries."""
    model = {"type": "notebook", "content": json.loads(json.dumps(notebook))}
    before_saving(model=model, path="a.ipynb", contents_manager=None)
    return model["content"]


def notebook_of(*outputs, kernel="convnet-course"):
    notebook = new_notebook(cells=[new_markdown_cell("text"), new_code_cell("explorer", outputs=list(outputs))])
    notebook.metadata.update(kernelspec={"name": kernel, "display_name": "Python 3"}, language_info=dict(FULL))
    return notebook


def test_a_live_view_goes_where_a_static_one_stands_beside_it_and_only_there():
    both = new_output("execute_result", data={"text/html": "<p>9</p>", LIVE_VIEW: VIEW, "text/plain": "9"})
    alone = new_output("display_data", data={LIVE_VIEW: VIEW, "text/plain": "IntSlider()"})
    first, second, third = saved(notebook_of(both, alone, new_output("stream", text="1")))["cells"][1]["outputs"]
    assert set(first["data"]) == {"text/html", "text/plain"}
    assert set(second["data"]) == {LIVE_VIEW, "text/plain"}
    assert third["text"] == "1"


def test_the_version_of_python_goes_from_the_course_s_own_notebooks():
    assert saved(notebook_of())["metadata"]["language_info"] == {"name": "python"}
    assert saved(notebook_of(kernel="python3"))["metadata"]["language_info"] == FULL


@pytest.mark.parametrize(
    "model", [{"type": "file", "content": "text"}, {"type": "notebook", "content": {"nbformat": 3}}]
)
def test_what_is_no_notebook_of_today_is_saved_as_it_is(model):
    before = json.loads(json.dumps(model))
    before_saving(model=model, path="a", contents_manager=None)
    assert model == before


def test_the_server_is_told_of_it():
    settings = Path(sys.prefix, "etc/jupyter/jupyter_server_config.d/convnet-course.json")
    assert json.loads(settings.read_text())["ServerApp"]["jpserver_extensions"] == {"utils.notebook_files.saving": True}
