"""Looking inside a convnet: activations, mosaics, sparsity, heatmaps, for any functional or sequential Keras model.

Nothing here changes the model given: layers run in inference mode, nested models and shared layers call by call.
Images are in the model's own range, ``(n, height, width, channels)``. Numbers come out; drawing is elsewhere.
"""

from utils.activations.by_depth import Sparsity, sparsity
from utils.activations.filters import filters_by_ascent
from utils.activations.heatmaps import GradCam, Heatmaps, grad_cam, occlusion
from utils.activations.maps import Observer, activations
from utils.activations.mosaics import Mosaic, mosaic
from utils.activations.receptive_fields import most_exciting, receptive_field
from utils.layer_calls import LayerCalls

__all__ = [
    "GradCam",
    "Heatmaps",
    "LayerCalls",
    "Mosaic",
    "Observer",
    "Sparsity",
    "activations",
    "filters_by_ascent",
    "grad_cam",
    "mosaic",
    "most_exciting",
    "occlusion",
    "receptive_field",
    "sparsity",
]
