"""In each notebook, the first use of a term leads to the glossary; terms and their other forms stand in a YAML file."""

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes

TERMS = yaml.safe_load(Path(__file__).with_name("glossary.yaml").read_text(encoding="utf-8"))
FORMS = {form.casefold(): each["term"] for each in TERMS for form in (each["term"], *each.get("also", ()))}
LONGEST_FIRST = "|".join(r"\s+".join(map(re.escape, form.split())) for form in sorted(FORMS, key=len, reverse=True))
PATTERN = re.compile(rf"(?<![\w-])(?:{LONGEST_FIRST})(?![\w-])", re.IGNORECASE)
UNLINKED = nodes.title, nodes.literal, nodes.literal_block, nodes.raw, nodes.reference, addnodes.pending_xref


def setup(app):
    app.connect("doctree-read", link_first_uses)
    return {"parallel_read_safe": True}


def uses(text):
    """The terms that ``text`` uses, in order of their first use."""
    return list(dict.fromkeys(_term(found) for found in PATTERN.finditer(text)))


def link_first_uses(app, doctree):
    """Link the first use of each term outside headings, code, links and references: those are titles of others."""
    if not app.env.docname.startswith("notebooks/"):
        return
    linked = set()
    for text in list(_whole_texts(doctree)):
        if not any(isinstance(each, UNLINKED) or _lists_references(each) for each in _parents(text)):
            text.parent.replace(text, list(_pieces(str(text), linked, app.env.docname)))


def _whole_texts(doctree):
    """All texts; a line break within a sentence has split it into several nodes, which become one."""
    for parent in list(doctree.findall(nodes.TextElement)):
        joined = []
        for child in parent.children:
            if isinstance(child, nodes.Text) and joined and isinstance(joined[-1], nodes.Text):
                joined[-1] = nodes.Text(joined[-1] + child)
            else:
                joined.append(child)
        parent.children = []
        parent.extend(joined)
        yield from (child for child in joined if isinstance(child, nodes.Text))


def _pieces(text, linked, docname):
    end = 0
    for found in PATTERN.finditer(text):
        term = _term(found)
        if term not in linked:
            linked.add(term)
            yield nodes.Text(text[end : found.start()])
            link = addnodes.pending_xref("", nodes.inline(found[0], found[0], classes=["term"]))
            link.update_all_atts({"reftype": "term", "refdomain": "std", "reftarget": term})
            link.update_all_atts({"refexplicit": True, "refwarn": True, "refdoc": docname})
            yield link
            end = found.end()
    yield nodes.Text(text[end:])


def _lists_references(node):
    return isinstance(node, nodes.paragraph) and node.astext().startswith("References.")


def _term(found):
    return FORMS[" ".join(found[0].casefold().split())]


def _parents(node):
    while node.parent is not None:
        node = node.parent
        yield node
