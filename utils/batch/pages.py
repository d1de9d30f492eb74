"""The pages of a run: each executed notebook as HTML, and an index over them. They need no network."""

import html
import json

from nbconvert import HTMLExporter

from utils.batch.runner import PASSED

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8888 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.failed { font-weight: 700 }
"""


def notebook_page(notebook):
    """The executed notebook as one HTML page that loads nothing from elsewhere."""
    # With widget state present nbconvert would show a dead widget in place of its static picture.
    notebook.metadata.pop("widgets", None)
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", widget_renderer_url="", mermaid_js_url="")
    page, _ = exporter.from_notebook_node(notebook)
    return page


def index_page(results, ledger=""):
    """The index: one row a notebook (status, seconds, answers, verdicts), failures first; ``ledger`` is HTML."""
    passed = sum(result.status == PASSED for result in results)
    rows = "".join(_row(result) for result in sorted(results, key=lambda result: result.status == PASSED))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Convnet course: {passed} of {len(results)} notebooks passed</title><style>{STYLE}</style></head>"
        "<body><main>"
        f"<h1>{passed} of {len(results)} notebooks passed</h1>"
        '<div class="scroll" tabindex="0"><table><caption>Notebooks</caption><thead><tr>'
        '<th scope="col">Notebook</th>'
        '<th scope="col">Status</th><th scope="col">Seconds</th>'
        '<th scope="col">Answers</th><th scope="col">Verdicts</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>{ledger}</main></body></html>\n"
    )


def results_json(results):
    """The results as the text of ``results.json``."""
    return json.dumps([result.asdict() for result in results], indent=1, ensure_ascii=False) + "\n"


def _row(result):
    name, error = html.escape(result.notebook), html.escape(result.error)
    link = name if result.status == "unreadable" else f'<a href="{name}.html">{name}</a>'
    status = "✓ passed" if result.status == PASSED else f'<span class="failed">✗ {result.status}</span><br>{error}'
    return (
        f'<tr><th scope="row">{link}</th><td>{status}</td><td class="number">{result.seconds:.1f}</td>'
        f"<td>{_tally(record['verdict'] for record in result.answers)}</td>"
        f"<td>{_tally(record['verdict'] for record in result.verdicts)}</td></tr>"
    )


def _tally(words):
    words = list(words)
    return html.escape(", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))) or "–"
