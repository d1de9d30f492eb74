"""Broken and hostile files by the hundred, the same each time: nobody else's marks change, nothing ends the grading."""

import random
import warnings

from tests.soak.returned_files import Course
from utils.notebook_files.sources import course_notebooks


def test_no_file_of_one_student_changes_what_the_others_get(tmp_path):
    course = Course(tmp_path, course_notebooks()[3:4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of names that stand twice
        assert course.complaints(random.Random(20), 250, tmp_path / "back") == []
