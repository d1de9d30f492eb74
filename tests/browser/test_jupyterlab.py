"""A student in JupyterLab: cells run, controls redraw, and what was saved is whole when it is opened again."""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from tests.browser.lab import cells, command, end_sessions, kernel_ready, lab_from_make, open_as_run
from tests.browser.overflow import OVERFLOWING
from tests.readme import ROOT, commands
from utils.explorers import VIEW
from utils.notebook_files.sources import course_notebooks

EXPLORER = """
from utils.explorers import Control, Explorer, Photograph, Several
from utils.explorers.chosen_photograph import chosen_photograph
from utils.figures import photograph
from utils.parameters import Choice, Real, Text, Whole
from utils.photographs import COLOR

def draw(photo, **values):
    pixels = chosen_photograph(photo)
    return photograph(pixels[:40, :40], f"{pixels.shape[1]} pixels wide; {values}")

Explorer("Every kind of control", draw, photo=Control("Photograph", Photograph(*COLOR), "hubble"),
         count=Control("Count", Whole(0, 9), 4), share=Control("Share", Real(0.0, 2.0), 1.0),
         mode=Control("Mode", Choice("add", "multiply", "none"), "add"), on=Control("On", Choice(True, False), True),
         parts=Control("Parts", Several("a", "b", "c"), ("a",)), word=Control("Word", Text(9), "is"))
"""
# The course's part of the page: what is beside it is JupyterLab's own.
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden) :is(.jp-OutputArea-output, .jp-RenderedMarkdown)"
INSIDE = ".course-controls :is(select, input, button):not([hidden])"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    assert "make lab" in commands()
    with lab_from_make(tmp_path_factory.mktemp("lab")) as lab:
        notebook = new_notebook(cells=[new_markdown_cell("above"), new_code_cell(EXPLORER), new_markdown_cell("below")])
        notebook.metadata.kernelspec = {"name": "convnet-course", "display_name": "Python 3 (convnet course)"}
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        nbformat.write(notebook, lab.folder / "explorer.ipynb")
        yield lab


@pytest.fixture(scope="module")
def opened(lab, browser):
    page = lab.open(browser, "explorer.ipynb")
    yield page
    end_sessions(page)
    page.close()


@pytest.fixture
def page(opened):
    """The notebook with the explorer in it, run anew."""
    kernel_ready(opened)
    command(opened, "notebook:run-all-cells")
    drawn(opened, "'count': 4")
    return opened


def drawn(page, words):
    page.wait_for_function("words => document.querySelector('.course-drawing')?.innerHTML.includes(words)", arg=words)


def test_make_lab_opens_the_first_notebook_which_runs_and_its_explorer_redraws(lab, browser):
    page = lab.open(browser)
    requests = []
    page.on(
        "request",
        lambda request: None if re.search("localhost|127.0.0.1", request.url) else requests.append(request.url),
    )
    assert page.evaluate("jupyterapp.shell.currentWidget.context.path") == "00_start_here.ipynb"
    assert page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.name") == "convnet-course"
    assert page.locator(".jp-Dialog").count() == 0
    command(page, "notebook:run-all-cells")
    row = page.get_by_label("Row", exact=True)
    explorer = page.locator(".course-drawing figure img").first
    before = explorer.get_attribute("alt")
    row.fill("20")
    row.press("Enter")
    page.wait_for_function("before => document.querySelector('.course-drawing figure img').alt !== before", arg=before)
    assert "row 20" in explorer.get_attribute("alt")
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    elsewhere = re.compile(r"https?://(?!localhost:|127\.0\.0\.1:)")
    assert not [url for url in requests if elsewhere.match(url)], "the page asked for something from elsewhere"
    end_sessions(page)
    page.close()


def test_to_open_a_notebook_and_save_it_leaves_every_byte_as_it_was(lab, browser):
    page = lab.open(browser, "explorer.ipynb")
    assert sorted(lab.laid) == [path.name for path in course_notebooks()]
    for name, laid in lab.laid.items():
        (lab.folder / name).write_bytes(laid)  # the test above ran the first one
        page.evaluate("path => jupyterapp.commands.execute('docmanager:open', { path }).then(() => null)", name)
        page.wait_for_function("name => jupyterapp.shell.currentWidget?.context.path === name", arg=name)
        kernel_ready(page)
        # The kernel has told its version: this is what changes an opened notebook.
        page.wait_for_function("jupyterapp.shell.currentWidget.content.model.getMetadata('language_info').version")
        command(page, "docmanager:save")
        assert (lab.folder / name).read_bytes() == laid, name
        command(page, "application:close")
    end_sessions(page)
    page.close()


def test_every_notebook_fits_its_page_and_obeys_the_accessibility_rules(lab, browser):
    page = open_as_run(lab, browser)
    faults = []
    for path in course_notebooks():
        page.evaluate(
            """path => jupyterapp.commands.execute("docmanager:open", {
                path, kernelPreference: { shouldStart: false, canStart: false },
            }).then((opened) => opened.context.ready).then(() => null)""",
            f"as-run/{path.name}",
        )
        everything = "jupyterapp.shell.currentWidget.content.widgets.every((cell) => cell.placeholder === false)"
        page.wait_for_function(everything)
        for width in (1024, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            faults += [f"{path.stem} at {width} px: {each}" for each in page.evaluate(OVERFLOWING)]
        for theme, rules in (("Light", {}), ("Dark", {"runOnly": ["color-contrast"]})):
            page.evaluate(
                "theme => jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)",
                f"JupyterLab {theme}",
            )
            page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=str(not rules).lower())
            page.locator(SHOWN).first.wait_for(state="attached")
            found = Axe().run(page, context=SHOWN, options=rules).response["violations"]
            faults += [
                f"{path.stem} in the {theme.lower()} theme: {each['id']} in {node['html'][:200]}"
                for each in found
                for node in each["nodes"]
            ]
        command(page, "application:close")
    end_sessions(page)
    page.close()
    assert not faults, "\n".join(faults)


def test_no_key_that_is_pressed_in_a_control_reaches_the_notebook(page):
    kinds = re.findall(r"^  \w+\(control, send", (ROOT / "utils/explorers/panel.js").read_text(), flags=re.M)
    assert len(kinds) == 6, "EXPLORER has one of each"
    keys = (
        "ArrowDown ArrowUp ArrowLeft ArrowRight Home m r y 1 a b d d x c v z k j Escape "
        "Shift+ArrowDown Shift+M Shift+L Shift+Enter Control+Enter Control+a"
    )
    controls = page.locator(INSIDE)
    assert controls.count() == 13
    controls.first.click()
    before = cells(page)
    for number in range(controls.count()):
        control = controls.nth(number)
        what = control.evaluate("each => each.outerHTML")
        control.focus()
        for key in keys.split():
            page.keyboard.press(key)
            assert cells(page) == before, f"{key} in {what}"
        assert control.evaluate("each => each === document.activeElement"), what


def test_a_control_obeys_the_keyboard(page):
    page.get_by_label("Photograph", exact=True).focus()
    page.keyboard.press("m")  # motorcycle
    drawn(page, "741 pixels wide")
    page.keyboard.press("ArrowDown")  # retina
    drawn(page, "1411 pixels wide")
    page.get_by_label("Count, slider").focus()
    page.keyboard.press("ArrowRight")
    drawn(page, "'count': 5")
    page.get_by_label("Share", exact=True).fill("7")
    page.keyboard.press("Enter")
    drawn(page, "'share': 2.0")
    page.get_by_label("b", exact=True).focus()
    page.keyboard.press("Space")
    drawn(page, "'parts': ('a', 'b')")
    page.get_by_label("Word").fill("was")
    page.keyboard.press("Tab")
    drawn(page, "'word': 'was'")


def test_an_explorer_has_no_accessibility_fault(page):
    violations = Axe().run(page, context=".course-explorer").response["violations"]
    assert not violations, [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations]


def test_a_photograph_of_one_s_own_is_shown_or_says_why_not(page, tmp_path):
    def upload(name, content):
        (tmp_path / name).write_bytes(content)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload your own").click()
        chooser.value.set_files(tmp_path / name)

    listed, note = page.get_by_label("Photograph", exact=True), page.locator(".course-note")
    alert = page.locator(".course-drawing [role=alert]")
    Image.new("RGB", (2000, 2000), "red").save(tmp_path / "large.bmp")
    upload("large.bmp", (tmp_path / "large.bmp").read_bytes())  # 12 MB: more than a server's message may hold
    drawn(page, "1024 pixels wide")
    assert note.inner_text() == "large.bmp (12.0 MB) has arrived."
    assert listed.evaluate("list => list.selectedOptions[0].text") == "large.bmp (your own)"

    upload("diary.jpg", b"Dear diary, today")
    alert.wait_for()
    assert "this is no image" in alert.inner_text()

    listed.select_option("coffee")
    drawn(page, "600 pixels wide")
    assert (alert.count(), note.inner_text()) == (0, "")
    listed.select_option("large.bmp (your own)")
    drawn(page, "1024 pixels wide")

    (tmp_path / "scan.tiff").touch()
    with (tmp_path / "scan.tiff").open("r+b") as scan:
        scan.truncate(100_000_001)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload your own").click()
    chooser.value.set_files(tmp_path / "scan.tiff")
    page.wait_for_function("document.querySelector('.course-note').textContent.includes('at most 100 MB')")
    page.get_by_label("or the path of your own").fill("/nothing/here.png")
    page.keyboard.press("Enter")
    drawn(page, "there is no such file")
    assert note.inner_text() == ""


def test_an_explorer_shows_its_picture_when_the_kernel_restarts_and_when_the_notebook_is_opened_again(lab, page):
    command(page, "docmanager:save")
    (output,) = nbformat.read(lab.folder / "explorer.ipynb", as_version=4).cells[1].outputs
    assert set(output.data) == {"text/plain", "text/html"}, f"{VIEW} would be dead when the notebook is opened again"

    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    page.locator(".course-explorer.jupyter-widgets-disconnected").wait_for()
    assert_only_the_picture_shows(page, ".course-explorer", "Run the cell again")

    kernel_ready(page)
    command(page, "notebook:run-all-cells")
    page.locator(".course-explorer:not(.jupyter-widgets-disconnected)").wait_for()
    assert page.get_by_label("Mode").is_visible()
    command(page, "docmanager:save")

    end_sessions(page)
    page.reload()
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    kernel_ready(page)
    page.locator(".jp-OutputArea-output img").wait_for()
    page.wait_for_timeout(1000)  # whatever would replace the picture has its time
    assert_only_the_picture_shows(page, ".jp-OutputArea-output", "Run this cell")


def assert_only_the_picture_shows(page, place, words):
    output = page.locator(place)
    assert output.locator("img").evaluate_all("all => all.map(img => img.checkVisibility() && img.naturalWidth)") == [
        40
    ]
    assert words in output.inner_text()
    assert "model not found" not in page.locator(".jp-Notebook").inner_text()
    assert not [each for each in output.locator(":is(input, select, button)").all() if each.is_visible()]
    broken = "all => all.filter(each => getComputedStyle(each, '::before').content !== 'none').length"
    assert page.locator(".jupyter-widgets-disconnected").evaluate_all(broken) == 0
