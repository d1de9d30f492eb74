"""The papermill engine ``course``: papermill's own, which also reports each cell as it starts."""

from papermill.engines import NBClientEngine


class CourseEngine(NBClientEngine):
    """Runs a notebook as papermill's own engine does.

    With ``on_cell`` given, ``on_cell(number, cells)`` is called as each cell starts, counted from 1.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, on_cell=None, **kwargs):
        if on_cell:
            start = nb_man.cell_start

            def cell_start(cell, cell_index=None, **more):
                on_cell(cell_index + 1, len(nb_man.nb.cells))
                return start(cell, cell_index, **more)

            nb_man.cell_start = cell_start
        # ipykernel warns of its unencrypted connection on loopback at every start.
        return super().execute_managed_notebook(
            nb_man, kernel_name, extra_arguments=["--IPKernelApp.log_level=40"], **kwargs
        )
