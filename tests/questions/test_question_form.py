"""The form: labeled fields over the same engine; what is typed ends up in the notebook's record."""

import nbformat
from nbclient import NotebookClient

from utils.explorers.question_form import QuestionForm
from utils.notebook_files.reading import records
from utils.records import ANSWER

CELLS = (
    'from utils.explorers.question_form import QuestionForm\nform = QuestionForm("bn-parameters", channels=48)\nform',
    '_ = form.set(answer="64 + 32")',
)


def test_what_is_typed_into_the_form_is_recorded_in_the_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (record,) = records(notebook, ANSWER)
    assert record == {
        "id": "bn-parameters",
        "parameters": {"channels": 48, "height": 30, "width": 30},
        "answer": 96,
        "verdict": "slip",
        "slip": "only the trained parameters",
    }
    fallback = notebook.cells[0].outputs[0].data["text/html"]
    assert "(30, 30, 48)" in fallback, "without a kernel the question still shows"


def test_the_fields_have_names_and_the_choices_are_those_of_the_question():
    form = QuestionForm("residual-add-shapes")
    answer, help = form.panel.controls
    assert (answer["label"], help["label"]) == ("Answer", "Help")
    options = [label for label, _ in answer["options"]]
    assert options == ["–", "broadcast", "zeros", "1x1 with 64 filters", "1x1 with 32 filters"]
    assert "broadcast: Yes" in form.shown
    assert form.feedback.verdict == "unanswered"
    assert form.set(answer="zeros").feedback.slip == "padded with zeros"


def test_help_comes_on_request_only():
    form = QuestionForm("bn-parameters", channels=48)
    assert form.shown == ""
    assert "List what the layer must know" in form.set(help="first hint").shown
    assert "48 channels" in form.set(help="second hint").shown
    assert "= 192" in form.set(help="solution").shown


def test_a_misspelt_question_is_one_sentence():
    form = QuestionForm("bn-parametres", channels=32)
    assert "Do you mean &quot;bn-parameters&quot;?" in form._repr_mimebundle_()["text/html"]
    assert form.set(answer="128", help="first hint").feedback.verdict == "not-asked"


def test_a_set_that_is_not_asked_shows_the_reason():
    form = QuestionForm("separable-flops", size=2, padding="valid")
    assert "at least 3 is needed" in form._repr_mimebundle_()["text/html"]
    assert form.set(answer="3, 4").feedback.verdict == "not-asked"
