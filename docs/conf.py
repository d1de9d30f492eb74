"""The course as a web site: ``make site`` shows the notebooks with their stored outputs, and executes nothing."""

project = "Convnet architecture patterns"
author = copyright = "the authors of the course; text CC BY 4.0, code MIT"
root_doc = "docs/index"
include_patterns = ["docs/index.md", "docs/questions.md", "notebooks/*.ipynb"]
exclude_patterns = ["**/.ipynb_checkpoints"]

extensions = ["myst_nb"]
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # a static picture stands in for a widget
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_heading_anchors = 2
suppress_warnings = ["mystnb.unknown_mime_type"]  # the records that programs read

html_theme = "sphinx_book_theme"
html_title = project
html_copy_source = html_show_sourcelink = html_use_index = False
html_theme_options = {"home_page_in_toc": True, "use_download_button": False}
