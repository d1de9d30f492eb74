"""The web site holds every notebook, asks nobody for anything, and checks answers in the page."""

import functools
import http.server
import itertools
import json
import re
import shutil
import subprocess
import sys
import threading
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.readme import ROOT, make
from utils.concepts import concept
from utils.ledger import ledger
from utils.notebook_files.sources import course_notebooks
from utils.questions import ask

SITE = ROOT / "build" / "site"
PHONE, DESK = 390, 1280  # pixels


@pytest.fixture(scope="module")
def built():
    shutil.rmtree(SITE, ignore_errors=True)
    return subprocess.run(make("site", ARGS="-W"), cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def address(built):
    """Where the site is served; skips where its questions are not live."""
    if "not live" in built.stdout:
        pytest.skip(built.stdout)
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def pages_code(monkeypatch):
    """The modules of ``docs`` can be imported."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    yield
    for name in (
        "build_site",
        "fetch_pyodide",
        "glossary_links",
        "respond",
        "site_notebooks",
        "site_pages",
        "site_slides",
    ):
        sys.modules.pop(name, None)


def test_the_site_is_built_without_warnings_and_names_no_other_host(built):
    assert (built.returncode, built.stderr) == (0, "")
    assert (SITE / "index.html").exists()
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (SITE / "notebooks").glob("*.html")}
    assert sorted(pages) == [path.stem for path in course_notebooks()]
    for name, page in pages.items():
        assert 'alt="' in page, name
        assert "model not found" not in page, name
        assert page.count("Multiply-adds per image") == page.count("block-costs"), (
            f"{name}: a block's costs stand twice"
        )
        assert not re.search(r"needed [≥≤=] ?|[≥≤] [\d-]", "".join(re.findall(r'<div role="note".*', page))), name
    entries = (SITE / "students" / "glossary.html").read_text(encoding="utf-8").split("<dt id=")[1:]
    unused = [entry[:40] for entry in entries if "First in" not in entry]
    assert not unused, f"no notebook uses these terms of the glossary: {unused}"
    for page in SITE.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", page.read_text())
        assert not loaded, page.name


@pytest.mark.parametrize(
    ("width", "scheme", "notebook", "question_ids"),
    [
        (DESK, "light", "03_batch_normalization", ("bn-inference", "bn-normalize", "bn-parameters")),
        (
            PHONE,
            "dark",
            "02_residual_connections",
            ("residual-add-shapes", "residual-add-pooling", "residual-projection-parameters"),
        ),
    ],
    ids=["desk", "phone"],
)
def test_a_page_checks_answers_and_asks_again_with_other_numbers(
    browser, address, width, scheme, notebook, question_ids
):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(120_000)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(f"{address}notebooks/{notebook}.html")
    assert not [url for url in asked if "pyodide" in url], "Python is loaded before anybody answers"
    for question_id in question_ids:
        block = page.locator(f".question[data-question*='\"{question_id}\"']")
        question = question_in(block)
        slip = question.slips[0]
        assert slip.why in said(block, slip.answer)
        assert all(step in said(block, question.answer) for step in question.steps)
    before = block.locator(".question-text").inner_text()
    block.get_by_role("button", name="Another one").click()
    block.locator(".question-verdict", has_text="other numbers").wait_for()
    question = question_in(block)
    assert before != question.text == block.locator(".question-text").inner_text()
    assert "Right" in said(block, question.answer)
    if page.locator(".block-costs").count():
        a_block_s_numbers_follow_its_controls(page.locator(".block-costs"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not errors
    page.close()


def question_in(block):
    """The question as the page asks it now."""
    shown = json.loads(block.get_attribute("data-question"))
    return ask(shown["question"], **shown["parameters"])


def test_a_concept_is_asked_at_the_start_and_explained_at_the_end_without_python(browser, address):
    asked = concept("gradient")
    mistaken = next(letter for letter in asked.first.choices if letter != asked.first.right)
    context = browser.new_context()
    page = context.new_page()
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{address}notebooks/00_start_here.html")
    block = page.locator(".question[data-concept*='\"gradient\"']")
    block.locator(f"input[value={mistaken}]").check()
    block.get_by_text("Noted").wait_for()
    texts = (asked.because, *asked.ideas.values())
    assert not [why for why in texts if why in page.content()], "the start gives it away"
    page.goto(f"{address}notebooks/09_your_own_claim.html")
    block = page.locator(".question[data-concept*='\"gradient\"']")
    block.get_by_text(asked.last.choices[asked.last.right][0], exact=True).click()
    block.get_by_text("✓ Right.").wait_for()
    block.get_by_text(asked.explanation(asked.first, mistaken)).last.wait_for()
    assert not [url for url in loaded if "pyodide" in url]
    assert_accessible(page)
    context.close()


def test_the_python_of_a_page_compiles_no_library_and_is_without_what_no_question_needs(address):
    names = zipfile.ZipFile(SITE / "_static" / "live" / "pyodide" / "python_stdlib.zip").namelist()
    assert [name for name in ("fractions.pyc", "difflib.pyc", "asyncio/__init__.pyc") if name not in names] == []
    assert [name for name in names if not name.endswith(".pyc") or name.startswith(("unittest", "xml"))] == []


def test_a_figure_is_enlarged_by_the_keyboard_and_a_term_leads_to_the_glossary(browser, address):
    page = browser.new_page(viewport={"width": PHONE, "height": 800})
    page.goto(f"{address}notebooks/00_start_here.html")
    figure = page.locator(".enlarge").last
    before = figure.locator("img").bounding_box()["width"]
    figure.focus()
    page.keyboard.press("Enter")
    large = page.locator("dialog img")
    large.wait_for()
    assert large.bounding_box()["width"] > 1.5 * before
    assert large.get_attribute("alt") == figure.locator("img").get_attribute("alt")
    page.keyboard.press("Escape")
    assert not large.is_visible()
    assert figure.evaluate("each => each === document.activeElement")
    page.get_by_role("link", name="batch normalization", exact=True).first.click()
    assert page.url.endswith("students/glossary.html#term-batch-normalization")
    page.close()


# What stands over the right edge, code aside: its lines are not broken, and its box scrolls by itself.
OVER_THE_EDGE = """
() => [...document.querySelectorAll("article :not(pre *)")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => `${each.tagName} ${each.innerText?.slice(0, 80)}`)
"""


def test_no_page_scrolls_sideways_on_a_phone_and_no_table_is_cut(browser, built):
    page = browser.new_page(viewport={"width": PHONE, "height": 800}, color_scheme="dark")
    paths = [path for path in SITE.rglob("*.html") if not {"_static", "slides"} & set(path.parts)]
    assert len(paths) > len(course_notebooks()) + 10
    for path in paths:
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, path.name
        if path.parent.name != "notebooks":  # there, wide outputs scroll in their own boxes
            assert page.evaluate(OVER_THE_EDGE) == [], path.name
    page.close()


def test_the_ledger_stacks_each_claim_on_a_phone_and_says_which_verdict_is_which(browser, built):
    page = browser.new_page(viewport={"width": PHONE, "height": 800}, color_scheme="dark")
    page.goto((SITE / "ledger.html").as_uri())
    row, numbers = page.locator("tbody tr:not(:has([scope=rowgroup]))").all()[:2]
    parts = [each.bounding_box()["y"] for each in (*row.locator("th, td").all(), numbers)]
    assert all(above < below for above, below in itertools.pairwise(parts))
    shown = "each => getComputedStyle(each, '::before').content"
    assert [cell.evaluate(shown) for cell in row.locator("td").all()] == [
        f'"{name}: "' for name in ("This laptop", "The long run", "On CIFAR-10")
    ]
    numbers.locator("summary").click()
    assert page.evaluate(OVER_THE_EDGE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert_accessible(page)
    page.close()


def test_the_search_shows_the_text_of_a_page_and_not_its_buttons(browser, address):
    page = browser.new_page(viewport={"width": PHONE, "height": 800}, color_scheme="dark")
    page.goto(f"{address}search.html?q=normalization")
    page.get_by_text("Search finished").wait_for()
    excerpts = page.locator("ul.search .context")
    excerpts.filter(has_text="A network learns best from numbers").wait_for()
    assert not excerpts.filter(has_text="System Settings").count()
    assert_accessible(page)
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_a_deck_of_slides_goes_by_keys_and_without_javascript_and_prints_a_page_for_each(browser, built, width, scheme):
    deck = (SITE / "slides" / "01_architecture.html").as_uri()
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme=scheme)
    page.goto(deck)
    slides = page.locator("section")
    claims = len(ledger(ROOT / "notebooks").of(("01_architecture",)).rows)
    assert page.locator(".claim").count() == page.locator(".verdict").count() == claims
    assert page.locator(".figure img").evaluate_all("all => all.every((each) => each.naturalWidth && each.alt)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
    for key, shown in (("ArrowRight", 1), ("Space", 2), ("ArrowLeft", 1), ("End", slides.count() - 1), ("Home", 0)):
        page.keyboard.press(key)
        page.wait_for_function(
            "shown => Math.abs(document.querySelectorAll('section')[shown].getBoundingClientRect().top) < 2", arg=shown
        )
    if width == DESK:
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == slides.count()
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(deck)
    page.get_by_role("link", name="Next slide").first.click()
    assert page.url.endswith("#2")
    context.close()


def said(block, answer):
    """What the page says to the answer, a choice or what is typed."""
    radio = block.locator(f"input[value='{answer}']")
    if radio.count():
        radio.check()
    else:
        block.locator("input").fill(str(answer))
    block.locator(".question-verdict").evaluate("each => each.replaceChildren()")
    block.get_by_role("button", name="Check").click()
    block.locator(".question-verdict", has_text=re.compile("Right|Not yet")).wait_for()
    return block.locator(".question-verdict").inner_text()


def a_block_s_numbers_follow_its_controls(block):
    block.get_by_label("Block").select_option("plain")
    block.get_by_label("Input channels").fill("3")
    block.get_by_label("Filters").fill("5")
    block.get_by_label("Filters").press("Tab")
    two_convolutions = (3 * 3 * 3 * 5 + 5) + (3 * 3 * 5 * 5 + 5)
    block.get_by_role("row", name=f"Parameters {two_convolutions}").wait_for()
    block.get_by_label("Padding").select_option("valid")
    block.get_by_label("Input size").fill("2")
    block.get_by_label("Input size").press("Tab")
    block.get_by_role("row", name="at least 3 is needed").wait_for()


def assert_accessible(page):
    faults = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not faults, [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in faults]


def test_without_javascript_hint_and_solution_unfold_and_no_dead_field_shows(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / "notebooks" / "01_architecture.html").as_uri())
    block = page.locator(".question[data-question*='\"conv-parameters\"']")
    assert not block.locator("form").is_visible()
    solution = block.locator("details").last
    solution.locator("summary").click()
    assert "432" in solution.inner_text()  # 3 × 3 × 3 × 16 weights
    context.close()


def test_where_pyodide_is_not_to_be_had_the_site_says_that_its_questions_are_not_live(
    pages_code, monkeypatch, tmp_path, capsys
):
    import build_site
    import fetch_pyodide
    import site_notebooks

    fake_npm = "import sys; open(sys.argv[-1] + '/pyodide.tgz', 'w').write('something else')"
    monkeypatch.setattr(fetch_pyodide, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr(fetch_pyodide, "_ways_to", lambda _: [["no-such-npm"], [sys.executable, "-c", fake_npm]])
    monkeypatch.setattr(build_site, "STATIC", tmp_path / "static")
    refusal = build_site.write_static_files()
    assert "pyodide@" in refusal
    assert "checksum" in refusal
    assert not list((tmp_path / "static").rglob("*.wasm"))
    assert not (tmp_path / "cache").exists(), "what is not the package is kept"
    asked = site_notebooks.question_html(ask("bn-parameters"), live=False)
    assert "<form" not in asked
    assert asked.count("<details>") == 3
