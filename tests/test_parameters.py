"""The ranges of parameters, and what a student sees outside them."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from utils.parameters import ParameterError, Whole, check_parameters


def test_a_parameter_outside_its_range_shows_one_line_in_a_notebook(capsys):
    shell = InteractiveShell()
    result = shell.run_cell(
        "from utils.parameters import *\nsize, seed = 100, True\n"
        "check_parameters(globals(), size=Whole(72, 192, step=24), seed=Whole(0, 9))"
    )
    assert isinstance(result.error_in_exec, ParameterError)
    assert capsys.readouterr().out == (
        "ParameterError: size=100: a whole number from 72 to 192 in steps of 24 is needed; "
        "seed=True: a whole number from 0 to 9 is needed\n"
    )


def test_it_is_a_value_error_with_the_same_sentence():
    with pytest.raises(ValueError, match=r"^size=1: a whole number from 2 to 3 is needed$"):
        check_parameters({"size": 1}, size=Whole(2, 3))
