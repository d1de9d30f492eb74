"""Notebook 00 makes no claim; two predictions about its photograph show how predicting goes. They are not counted."""

from utils.scoring import Choices, Quantity

CLAIMS = ()
PRACTICE = {
    "brightest-channel": Choices("the brightest channel of the marked square", ("red", "green", "blue")),
    "red-mean": Quantity("the mean of the red channel in the marked square", scale=200, least=0, most=255),
}
