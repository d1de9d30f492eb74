"""What JupyterLab's server does to a notebook before it saves it, for whoever opens it again.

The server loads this module as an extension (``jupyter/server.json``), in whatever way it was started.
"""

from nbformat import from_dict

KERNEL = "convnet-course"
LIVE_VIEW = "application/vnd.jupyter.widget-view+json"
STATIC_VIEW = "text/html"


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(server):
    server.contents_manager.register_pre_save_hook(before_saving)


def before_saving(model, **_):
    """Take out of a notebook that is about to be saved what holds only for the running kernel.

    ``model`` is what Jupyter's contents API hands over. Every save goes through here, and an error would not stop it.
    """
    if model["type"] == "notebook" and model["content"].get("nbformat") == 4:
        model["content"] = without_running_kernel(from_dict(model["content"]))


def without_running_kernel(notebook):
    """The ``notebook`` without live views of widgets where a static view stands beside them, and, if it is one of the
    course, without the version of Python that ran it.

    A live view is dead when the notebook is opened again, and JupyterLab would prefer it to the static one. The
    version is that of each reader: to open a notebook would be to change it.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if STATIC_VIEW in output.get("data", ()):
                output.data.pop(LIVE_VIEW, None)
    if notebook.metadata.get("kernelspec", {}).get("name") == KERNEL:
        notebook.metadata.language_info = {"name": "python"}
    return notebook
