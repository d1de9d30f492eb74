"""Tables and long names fit a phone: the HTML of each page gets what style sheets need for it.

A table with more than two columns, or with a long name in it, can be stacked: each cell after the first carries the
heading of its column. A long name may be broken after its slashes, hyphens and underscores, but not mini-Xception. A
number stays with the title behind it, except in headings, where one line may be too short for both.
"""

import re

TABLE = re.compile(r'<table class="table">.*?</table>', re.DOTALL)
HEADING = re.compile(r'<th class="head[^>]*>(.*?)</th>', re.DOTALL)
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
NAME = re.compile(r"(<(?:h\d|a|span)\b[^<>]*>[^<]*?)\b(\w+-[A-Z]\w+)")  # such as mini-Xception, in a heading or link
LONG_NAME = re.compile(r'(?<=<span class="pre">)[^<]{25,}(?=</span>)')


def setup(app):
    app.connect("html-page-context", fit)
    return {"parallel_read_safe": True}


def fit(app, pagename, templatename, context, doctree):
    """Change the page's body, where it has one."""
    if body := context.get("body"):
        body = LONG_NAME.sub(lambda name: re.sub(r"(?<=[/_])|(?<=\w-)|(?<=::)", "<wbr>", name[0]), body)
        body = TABLE.sub(lambda table: _stacking(table[0]), body)
        body = re.sub(r"(<(?!h\d)[^<>]*>\d\d?) · (?=\w)", r"\1&nbsp;·&nbsp;", body)
        context["body"] = NAME.sub(r'\1<span class="whole">\2</span>', body)


def _stacking(table):
    headings = [re.sub(r"<[^>]+>", "", each).strip() for each in HEADING.findall(table)]
    if len(headings) < 3 and "<wbr>" not in table:
        return table
    table = ROW.sub(lambda row: _labeled(row[0], headings), table)
    return table.replace('class="table"', 'class="table stacks"', 1)


def _labeled(row, headings):
    left = iter(headings)

    def label(cell):
        heading = next(left)
        return cell[0] if heading == headings[0] else f'<td data-column="{heading}"{cell[1]}>'

    return re.sub(r"<td([^>]*)>", label, row)
