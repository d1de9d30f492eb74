"""The templates of all pages: names and sentences are escaped, whoever wrote them."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template, **values):
    """The HTML of ``templates/<template>`` with these values, each escaped unless it is ``Markup``."""
    return _environment().get_template(template).render(values)


@cache
def _environment():
    return Environment(
        loader=PackageLoader("utils.course.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
