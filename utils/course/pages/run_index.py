"""What ``course run`` tells in the end: an index over the notebooks, and the results as JSON."""

import html
import json

from utils.course.pages.notebook_page import STYLE
from utils.notebook_files.status import Status


def index_page(results, ledger=""):
    """The index: one row a notebook (status, seconds, answers, verdicts), failures first; ``ledger`` is HTML."""
    passed = sum(result.status == Status.PASSED for result in results)
    rows = "".join(_row(result) for result in sorted(results, key=lambda result: result.status == Status.PASSED))
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
    link = name if result.status == Status.UNREADABLE else f'<a href="{name}.html">{name}</a>'
    status = (
        "✓ passed" if result.status == Status.PASSED else f'<span class="failed">✗ {result.status}</span><br>{error}'
    )
    return (
        f'<tr><th scope="row">{link}</th><td>{status}</td><td class="number">{result.seconds:.1f}</td>'
        f"<td>{_tally(record['verdict'] for record in result.answers)}</td>"
        f"<td>{_tally(record['verdict'] for record in result.verdicts)}</td></tr>"
    )


def _tally(words):
    words = list(words)
    return html.escape(", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))) or "–"
