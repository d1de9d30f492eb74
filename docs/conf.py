"""The course as a web site: ``docs/build_site.py`` writes what Sphinx reads; nothing is executed."""

project = "Convnet architecture patterns"
author = copyright = "the authors of the course; text CC BY 4.0, code MIT"

extensions = ["myst_nb", "glossary_links", "narrow_screens"]
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # a static picture stands in for a widget
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_heading_anchors = 2
smartquotes = False  # they would change code in a question: padding='same'
suppress_warnings = ["mystnb.unknown_mime_type"]  # the records that programs read

html_theme = "sphinx_book_theme"
html_title = project
html_copy_source = html_show_sourcelink = html_use_index = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "home_page_in_toc": True, "use_download_button": False, "navbar_persistent": [],
    "footer_content_items": "copyright",
}  # fmt: skip
html_static_path = ["static", "../build/site-static"]
html_extra_path = ["../build/site-copied"]
html_favicon = "static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = [
    ("live/live.js", {"type": "module"}),
    ("enlarge.js", {"defer": "defer"}),
    ("excerpts.js", {"defer": "defer"}),
]
