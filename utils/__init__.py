"""What the notebooks and the instructors of the course import.

Importing this package before Keras keeps TensorFlow's start-up log out of the notebooks' outputs and
fixes the arithmetic: oneDNN reorders floating point sums, so it is off for every way of running.
"""

import os

# Where the environment says otherwise, that holds.
SETTINGS = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

os.environ.update({**SETTINGS, **os.environ})
