"""Questions on depth and shortcuts. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="deeper",
        topic="residual_connections",
        first=Asking(
            "Two plain networks, without shortcuts, are trained on the same images. The one with 8 layers ends with a "
            "training error of 2 %. The one with 44 layers ends with a training error of 15 %. What does this show?",
            {
                "a": ("The deep network overfits.", "overfitting"),
                "b": ("The deep network cannot represent what the shallow one does.", "it cannot represent it"),
                "c": ("The deep network could do as well, but training did not find the weights.", ""),
                "d": ("The deep network needs more training images.", "more images"),
            },
        ),
        last=Asking(
            "A plain network of 10 layers labels 97 % of its training images correctly. A plain network of 40 layers "
            "labels 88 % of the same training images correctly. Why?",
            {
                "a": ("There were too few training images for 40 layers.", "more images"),
                "b": ("There are weights with which the 40 layers do as well, but training did not find them.", ""),
                "c": ("40 layers lose too much of the image to represent the same function.", "it cannot represent it"),
                "d": ("The 40 layers have too many weights: they overfit.", "overfitting"),
            },
        ),
        because="The first layers of the deep network could be those of the shallow one, and the others could pass on "
        "their input. Training does not find such weights: this is the degradation problem. In the long run of the "
        "notebook on residual connections, plain networks had it, and residual networks of the same depth did not "
        "(though some of the plain ones had not stopped improving).",
        ideas={
            "overfitting": "Overfitting is a low training error beside a higher test error. Here the training error "
            "itself is high.",
            "it cannot represent it": "It can: the additional layers only have to pass on their input. The difficulty "
            "is to find such weights.",
            "more images": "More images help a network that fits its training images and fails on others. This one "
            "does not fit its training images.",
        },
    ),
    Concept(
        id="gradient",
        topic="residual_connections",
        first=Asking(
            "A block returns x + F(x), where x is one number. The derivative of F is 0 here. In the backward pass, a "
            "gradient of 5 arrives at the block's output. What is the gradient at its input?",
            {
                "a": ("0", "only the branch"),
                "b": ("1", "not multiplied"),
                "c": ("5", ""),
                "d": ("10", "counted twice"),
            },
        ),
        last=Asking(
            "A block returns x + F(x), where x is one number. The derivative of F is 0.5 here. In the backward pass, a "
            "gradient of 4 arrives at the block's output. What is the gradient at its input?",
            {
                "a": ("1.5", "not multiplied"),
                "b": ("2", "only the branch"),
                "c": ("4", "only the shortcut"),
                "d": ("6", ""),
            },
        ),
        because="The derivative of x + F(x) is 1 + F′(x), and the gradient at the output is multiplied by it. The 1 "
        "comes from the shortcut: a gradient arrives even where the branch passes on none.",
        ideas={
            "only the branch": "You followed the branch alone. The shortcut passes the gradient on, too, and the two "
            "are added.",
            "only the shortcut": "You followed the shortcut alone. The branch adds its part: the gradient times the "
            "derivative of F.",
            "not multiplied": "1 + F′(x) is the derivative of the block. By the chain rule, the gradient that arrives "
            "at the output is multiplied by it.",
            "counted twice": "The shortcut passes the gradient on once. The branch would add its part, which is the "
            "gradient times the derivative of F.",
        },
    ),
)
