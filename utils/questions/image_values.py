"""How many values a color picture has: the warm-up."""

from utils.parameters import Whole
from utils.questions import Parameter, Question, Slip

PARAMETERS = {
    "height": Parameter(20, Whole(1, 4096), (5, 8, 10, 12, 15, 16, 30, 40)),
    "width": Parameter(30, Whole(1, 4096), (6, 9, 11, 14, 20, 25, 50)),
}


def question(height, width):
    return Question(
        text=f"An RGB picture is {height} pixels high and {width} pixels wide. How many values does its array hold?",
        answer=height * width * 3,
        derivation=(
            f"Each of the {height} × {width} = {height * width:,} pixels holds a red, a green and a blue value.",
            f"The array has the shape ({height}, {width}, 3): {height} × {width} × 3 = {height * width * 3:,} values.",
        ),
        slips=(
            Slip(
                height * width,
                "the channels forgotten",
                "You counted the pixels. In a color picture each pixel has more than one value.",
            ),
            Slip(
                height * width * 4,
                "a fourth channel",
                "You counted four values for each pixel. That is right for a picture with transparency (RGBA); this "
                "one has none.",
            ),
            Slip(
                height + width + 3,
                "added instead of multiplied",
                "You added the three sizes of the array. Every row has a value in every column, and every pixel has "
                "one in every channel, so the sizes of the axes are multiplied.",
            ),
            Slip(
                2 * (height + width),
                "the edge instead of the area",
                "This is the length of the picture's border. The pixels fill the whole area.",
            ),
        ),
        hints=(
            "First count the pixels, then the values of one pixel.",
            f"There are {height} rows of {width} pixels, each with one value for red, one for green, one for blue.",
        ),
    )


def by_keras(height, width):
    import keras

    return int(keras.ops.size(keras.ops.zeros((height, width, 3))))
