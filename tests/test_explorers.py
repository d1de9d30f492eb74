"""Explorers redraw, stay inside their ranges, can be operated, and show something where no kernel runs."""

import base64
import io
import json
import re
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from keras import layers
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from utils.explorers import VIEW, Control, Explorer, Photograph, Several
from utils.explorers.activations import activation_browser
from utils.explorers.blocks import block_card, block_explorer
from utils.mini_xception import mini_xception
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


def described(explorer):
    """The controls as the page gets them, by their names."""
    return {control["name"]: control for control in explorer.panel.controls}


def from_page(explorer, **values):
    """What the page sends when a control was moved; it returns what the page then shows."""
    explorer.panel.set_state({"values": explorer.panel.values | values})
    return explorer.panel.values


def test_it_shows_the_defaults_and_redraws_what_is_set():
    explorer = squares()
    assert explorer.shown == "<p>is +9</p>"
    assert explorer.set(n=4, sign="-", scale=0.5).shown == "<p>is -8</p>"
    assert explorer.set(bold=True, word="now").shown == "<p>now <b>-8</p>"
    assert explorer.values == {"n": 4, "scale": 0.5, "sign": "-", "bold": True, "word": "now"}


def test_each_kind_of_value_has_a_control_with_its_label():
    assert [(each["kind"], each["label"]) for each in described(squares()).values()] == [
        ("number", "Number"), ("number", "Scale"), ("choice", "Sign"), ("check", "Bold"), ("text", "Word"),
    ]  # fmt: skip


def test_what_the_page_sends_is_brought_into_range_and_into_its_type():
    explorer = squares()
    assert from_page(explorer, n=5)["n"] == 5
    assert explorer.shown == "<p>is +25</p>"
    assert from_page(explorer, n=100)["n"] == 9
    assert from_page(explorer, n=2.6)["n"] == 3
    assert from_page(explorer, scale=-1)["scale"] == 0
    assert isinstance(from_page(explorer, scale=1) and explorer.values["scale"], float)
    for name, value in (
        ("n", "five"),
        ("n", float("nan")),
        ("sign", "*"),
        ("bold", 1),
        ("word", "x" * 10),
        ("o", 1),
    ):
        before = explorer.values.get(name)
        from_page(explorer, **{name: value})
        assert explorer.values.get(name) == before
    with pytest.raises(TypeError, match=r"o: one of n, scale, sign, bold, word is needed"):
        explorer.set(o=1)


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(-3.0, 3.0, 0.05), (0.0, 10.0, 0.1), (0.0, 1.0, 0.01), (0.0, 0.7, 0.005), (0.0, 3000.0, 20)],
)
def test_a_slider_of_real_numbers_has_round_steps(low, high, step):
    explorer = Explorer("Real", lambda x: f"{x}", x=Control("x", Real(low, high), low))
    assert described(explorer)["x"]["step"] == step


def test_several_of_some_values_are_chosen_in_their_order():
    explorer = Explorer("Parts", lambda parts: "+".join(parts), parts=Control("Parts", Several("a", "b", "c"), ("b",)))
    assert explorer.shown == "b"
    assert from_page(explorer, parts=["a", "c"])["parts"] == ["a", "c"]
    assert explorer.shown == "a+c"
    assert explorer.set(parts=()).shown == ""
    assert explorer.set(parts=("z",)).shown == ""
    with pytest.raises(ValueError, match="Parts=\\('z',\\): any of 'a', 'b', 'c' is needed"):
        Control("Parts", Several("a", "b", "c"), ("z",))


def test_a_move_sends_one_message_and_none_for_what_did_not_change(monkeypatch):
    explorer, sent = squares(), []
    monkeypatch.setattr(explorer.panel, "send_state", lambda key=None: sent.append(set(key or ())))
    explorer.set(n=4)
    assert sent == [{"values", "drawing"}]


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
    assert model["_model_module"] == "anywidget"
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


# Photographs of one's own, by path and by upload


def encoded(image, format, **options):
    image.save(buffer := io.BytesIO(), format, **options)
    return buffer.getvalue()


RED, BLUE, WHITE, GRAY, BLACK = (250, 0, 0), (0, 0, 250), (255, 255, 255), (64, 64, 64), (0, 0, 0)


def flag(width=60, height=40, top=RED, bottom=BLUE, mode="RGB"):
    """Half of it in one color, half in another: upright, mirrored or in other colors it is not the same."""
    image = Image.new(mode, (width, height), top)
    image.paste(bottom, (0, height // 2, width, height))
    return image


def held_sideways():
    image = flag().rotate(90, expand=True)  # the camera was turned: 6 says "turn me clockwise"
    image.getexif()[0x0112] = 6
    return encoded(image, "JPEG", exif=image.getexif())


TRANSPARENT = flag(top=(*RED, 0), bottom=(*BLUE, 255), mode="RGBA")
SIXTEEN_BITS = Image.fromarray(np.repeat(np.uint16([[0], [64 * 257]]), 20, axis=0).repeat(60, axis=1))
TWO_FRAMES = {"save_all": True, "append_images": [flag(top=BLUE, bottom=RED)]}
PHOTOGRAPHS = {
    "of a camera.jpg": (encoded(flag(4000, 3000), "JPEG"), RED, BLUE),
    "one pixel.png": (encoded(flag(1, 1, bottom=RED), "PNG"), RED, RED),
    "animated.gif": (encoded(flag(), "GIF", **TWO_FRAMES), RED, BLUE),
    "transparent.png": (encoded(TRANSPARENT, "PNG"), WHITE, BLUE),
    "held sideways.jpg": (held_sideways(), RED, BLUE),
    "sixteen bits.png": (encoded(SIXTEEN_BITS, "PNG"), BLACK, GRAY),
    "for a printer.jpg": (encoded(flag().convert("CMYK"), "JPEG"), RED, BLUE),
}
NO_PHOTOGRAPHS = {
    "diary.jpg": (b"Dear diary, today", "this is no image, whatever its name says"),
    "cut short.jpg": (encoded(flag(400, 300), "JPEG")[:1500], "the image is damaged or cut short"),
    "empty.png": (b"", "the file is empty"),
}


@pytest.fixture(scope="module")
def browser():
    def small(pixels):
        return np.asarray(Image.fromarray(pixels).resize((24, 24)), dtype="float32")[None]

    return activation_browser(mini_xception(24, filters=(4, 8)), ["stem", "block1_relu1"], prepare=small)


def by_path(explorer, name, content, folder):
    (folder / name).write_bytes(content)
    explorer.set(photo=str(folder / name))


def by_upload(explorer, name, content, folder):
    """What the page sends when a file was chosen: pieces, smaller here."""
    (control,) = (each["name"] for each in explorer.panel.controls if each["kind"] == "photograph")
    for start in range(0, max(1, len(content)), 4000):
        message = {"upload": control, "file": name, "start": start, "size": len(content)}
        explorer.panel._handle_custom_msg(message, [memoryview(content[start : start + 4000])])


def colors(shown):
    """The first picture's colors at its left, an eighth from the top and from the bottom."""
    data = re.search(r"base64,([^\"]+)", shown)[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    return pixels[len(pixels) // 8, 9], pixels[-len(pixels) // 8, 9]


@pytest.mark.parametrize("given", [by_path, by_upload])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_any_photograph_of_one_s_own_is_shown_as_it_is(browser, tmp_path, given, name):
    content, *expected = PHOTOGRAPHS[name]
    given(browser, name, content, tmp_path)
    assert 'role="alert"' not in browser.shown
    for found, wanted in zip(colors(browser.shown), expected, strict=True):
        assert np.abs(found - wanted).max() < 16
    given(browser, "again.png", encoded(flag(top=BLUE, bottom=RED), "PNG"), tmp_path)
    assert np.abs(colors(browser.shown)[0] - BLUE).max() < 16


@pytest.mark.parametrize("given", [by_path, by_upload])
@pytest.mark.parametrize("name", NO_PHOTOGRAPHS)
def test_what_is_no_photograph_is_named_and_the_next_one_is_shown(browser, tmp_path, given, name):
    content, sentence = NO_PHOTOGRAPHS[name]
    given(browser, name, content, tmp_path)
    assert re.search(rf'^<p role="alert">.*{name}: {sentence}', browser.shown)
    given(browser, "good.png", encoded(flag(), "PNG"), tmp_path)
    assert np.abs(colors(browser.shown)[0] - RED).max() < 16


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nowhere/cat.jpg", "there is no such file"),
        ("~nobody-of-that-name/cat.jpg", "there is no such file"),
        ("a\0b", "there is no such file"),
        ("x" * 400, "there is no such file"),
        (str(Path(__file__).parent), "this is a folder"),
    ],
)
def test_a_path_that_leads_to_no_file_is_answered_by_a_sentence(browser, path, sentence):
    assert sentence in browser.set(photo=path).shown
    assert 'role="alert"' in browser.shown
    assert 'role="alert"' not in browser.set(photo="chelsea").shown


def test_a_photograph_that_was_changed_under_the_same_path_is_read_anew(browser, tmp_path):
    by_path(browser, "mine.png", encoded(flag(), "PNG"), tmp_path)
    by_path(browser, "mine.png", encoded(flag(top=BLUE, bottom=RED), "PNG"), tmp_path)
    assert np.abs(colors(browser.shown)[0] - BLUE).max() < 16


def test_an_uploaded_file_stays_in_a_folder_of_its_own_whatever_its_name(tmp_path):
    explorer = Explorer("Paths", lambda path: path, path=Control("Path", Photograph("none"), "none"))
    paths = []
    for name in (
        "../../cat.jpg",
        "..",
        f"{tmp_path}/elsewhere.png",
        "a\0b/c.png",
        "x" * 300 + ".png",
        "Ünï cödé.png",
        "cat.jpg",
        "cat.jpg",
    ):
        by_upload(explorer, name, b"content of " + name.encode(), None)
        paths.append(Path(explorer.shown))
        assert paths[-1].read_bytes() == b"content of " + name.encode()
    assert len({path.parent for path in paths}) == len(paths)
    assert {path.parent.parent for path in paths} == {paths[0].parent.parent}
    assert [path.name for path in paths[-3:]] == ["Ünï cödé.png", "cat.jpg", "cat.jpg"]
    assert paths[0].stat().st_mode & 0o077 == 0 or paths[0].parent.stat().st_mode & 0o077 == 0


def note(explorer):
    return next(each["note"] for each in explorer.panel.controls if each["kind"] == "photograph")


def test_the_photograph_chosen_last_is_shown_and_each_choice_says_what_became_of_it(browser):
    by_upload(browser, "mine.png", encoded(flag(), "PNG"), None)
    assert re.fullmatch(r"mine.png \(0.0 MB\) has arrived.", note(browser))
    path = browser.values["photo"]
    assert described(browser)["photo"]["options"][-1] == ["mine.png (your own)", path]
    mine = browser.shown
    assert browser.set(photo="coffee").shown != mine
    assert note(browser) == ""
    assert browser.set(photo=path).shown == mine


def test_a_file_that_is_too_large_or_cannot_be_kept_is_named_and_changes_nothing(browser, monkeypatch):
    browser.set(photo="coffee")
    message = {"upload": "photo", "file": "scan.tiff", "start": 0, "size": 100_000_001}
    browser.panel._handle_custom_msg(message, [memoryview(b"II*")])
    assert note(browser).startswith("scan.tiff could not be kept: at most 100 MB are taken")
    monkeypatch.setattr("utils.explorers.uploads._folder", lambda: type("Gone", (), {"name": "/nowhere/at/all"}))
    by_upload(browser, "mine.png", encoded(flag(), "PNG"), None)
    assert "mine.png could not be kept" in note(browser)
    assert "No such file" in note(browser)
    assert browser.values["photo"] == "coffee"
