"""Explorers redraw, stay inside their ranges, can be operated, and show something where no kernel runs."""

import json

import ipywidgets
import keras
import nbformat
import pytest
from keras import layers
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from utils.explorers import VIEW, Control, Explorer
from utils.explorers.blocks import block_card, block_explorer
from utils.parameters import Choice, Real, Text, Whole


def squares(**options):
    controls = {
        "n": Control("Number", Whole(1, 9), 3),
        "scale": Control("Scale", Real(0.0, 2.0), 1.0),
        "sign": Control("Sign", Choice("+", "-"), "+"),
        "bold": Control("Bold", Choice(True, False), False),
        "word": Control("Word", Text(9), "is"),
    }
    return Explorer("Squares", draw_square, **options, **controls)


def draw_square(n, scale, sign, bold, word):
    if word == "broken":
        raise ValueError("word=broken: <another> is needed")
    value = f"{sign}{n * n * scale:g}"
    return f"<p>{word} {'<b>' if bold else ''}{value}</p>"


def widgets(root):
    yield root
    for child in getattr(root, "children", ()):
        yield from widgets(child)


def test_it_shows_the_defaults_and_redraws_what_is_set():
    explorer = squares()
    assert explorer.shown == "<p>is +9</p>"
    assert explorer.set(n=4, sign="-", scale=0.5).shown == "<p>is -8</p>"
    assert explorer.set(bold=True, word="now").shown == "<p>now <b>-8</p>"
    assert explorer.values == {"n": 4, "scale": 0.5, "sign": "-", "bold": True, "word": "now"}


def test_the_number_box_and_the_slider_move_each_other():
    explorer = squares()
    box = next(each for each in widgets(explorer.view) if isinstance(each, ipywidgets.BoundedIntText))
    slider = next(each for each in widgets(explorer.view) if isinstance(each, ipywidgets.IntSlider))
    box.value = 5
    assert (slider.value, explorer.shown) == (5, "<p>is +25</p>")
    slider.value = 2
    assert (box.value, explorer.shown) == (2, "<p>is +4</p>")
    box.value = 100
    assert slider.value == 9, "a typed number stays inside the range"


def test_every_slider_has_a_labelled_number_box_and_every_other_control_a_label():
    explorer = squares()
    everything = list(widgets(explorer.view))
    for row in everything:
        if any(
            isinstance(child, ipywidgets.IntSlider | ipywidgets.FloatSlider) for child in getattr(row, "children", ())
        ):
            assert isinstance(row.children[0], ipywidgets.BoundedIntText | ipywidgets.BoundedFloatText)
            assert row.children[0].description
    for each in everything:
        if isinstance(each, ipywidgets.Dropdown | ipywidgets.Checkbox | ipywidgets.Text):
            assert each.description
    assert not [each for each in everything if isinstance(each, ipywidgets.Output)]


def test_a_range_that_depends_on_another_control_moves_the_value_into_it():
    explorer = Explorer(
        "Window", lambda size, place: f"<p>{size} {place}</p>",
        lambda size, place: {"place": (0, 10 - size)},
        size=Control("Size", Whole(1, 10), 2), place=Control("Place", Whole(0, 100), 7),
    )  # fmt: skip
    assert explorer.shown == "<p>2 7</p>"
    assert explorer.set(size=6).shown == "<p>6 4</p>"
    assert explorer.set(size=1).set(place=50).shown == "<p>1 9</p>"


def test_a_range_may_move_to_where_it_was_not_before():
    explorer = Explorer(
        "Floors", lambda floor, house: f"<p>{floor} {house}</p>",
        lambda floor, house: {"floor": {"tower": (50, 90), "cellar": (1, 3)}[house]},
        floor=Control("Floor", Whole(1, 90), 60), house=Control("House", Choice("tower", "cellar"), "tower"),
    )  # fmt: skip
    assert explorer.set(house="cellar").shown == "<p>3 cellar</p>"
    assert explorer.set(house="tower").shown == "<p>50 tower</p>"


def test_a_value_error_is_shown_as_its_sentence_and_the_next_change_draws_again():
    explorer = squares()
    assert explorer.set(word="broken").shown == '<p role="alert">word=broken: &lt;another&gt; is needed</p>'
    assert explorer.set(word="is").shown == "<p>is +9</p>"


def test_a_default_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="Number=12: a whole number from 1 to 9 is needed"):
        Control("Number", Whole(1, 9), 12)


def test_without_widgets_the_picture_of_the_defaults_shows_and_the_text_is_always_the_same():
    explorer = squares()
    before = explorer._repr_mimebundle_()
    after = explorer.set(n=7)._repr_mimebundle_()
    assert "<p>is +9</p>" in before["text/html"]
    assert "Number: 3" in before["text/html"]
    assert (before["text/plain"], before["text/html"]) == (after["text/plain"], after["text/html"])
    assert before["text/plain"] == "Explorer: Squares (Number, Scale, Sign, Bold, Word)"


def test_in_a_kernel_the_bundle_carries_the_live_view_beside_the_static_one():
    code = (
        "from utils.explorers import Control, Explorer\nfrom utils.parameters import Whole\n"
        'explorer = Explorer("Squares", lambda n: f"<p>{n * n}</p>", n=Control("Number", Whole(1, 9), 3))\n'
        "explorer"
    )
    notebook = new_notebook(cells=[new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    client = NotebookClient(notebook, timeout=60)
    client.execute()
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/plain", "text/html", VIEW}
    assert "<p>9</p>" in output.data["text/html"]
    model = client.widget_state[output.data[VIEW]["model_id"]]
    assert model["_model_name"] == "VBoxModel"
    assert "0x" not in json.dumps(output.data["text/plain"])
    nbformat.validate(notebook)


SEED_BLOCK = {
    "kind": "residual", "size": 32, "channels": 3, "filters": 32,
    "kernel_size": 3, "strides": 1, "padding": "same", "pooling": True,
}  # fmt: skip


def test_the_block_card_shows_what_keras_counts_for_the_first_block_of_the_seed():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(inputs)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    model = keras.Model(inputs, layers.add([x, layers.Conv2D(32, 1, strides=2)(inputs)]))
    card = block_card(**SEED_BLOCK)
    assert f">{model.count_params():,}<" in card
    assert ">16 × 16 × 32<" in card
    # 32·32·32 outputs of 3·3·3 and of 3·3·32 products, and 16·16·32 of 3
    assert f">{32 * 32 * 32 * (27 + 288) + 16 * 16 * 32 * 3:,}<" in card


def test_the_block_explorer_says_why_an_addition_is_impossible():
    explorer = block_explorer()
    assert "Block diagram" in explorer.shown
    explorer.set(padding="valid")
    assert 'role="alert"' in explorer.shown
    assert "the body and the shortcut need the same shape" in explorer.shown
    explorer.set(kind="separable")
    assert "SeparableConv2D" in explorer.shown
