"""One hand-out for all tests of grading."""

import pytest
from a_hand_out import HandOut


@pytest.fixture(scope="session")
def handed_out(tmp_path_factory):
    return HandOut(tmp_path_factory.mktemp("handed-out"))


@pytest.fixture
def grade(handed_out, tmp_path):
    """``HandOut.grade``, into a folder of the test's own."""

    def graded(*places, **more):
        return handed_out.grade(*places, out=tmp_path / "grades", **more)

    return graded
