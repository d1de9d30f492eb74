"""Questions on what the activations of a network tell. Texts alone: nothing is measured here."""

from utils.concepts._form import Asking, Concept

CONCEPTS = (
    Concept(
        id="blank",
        topic="activations",
        first=Asking(
            "For one photograph, a channel in a deep layer of a trained network is 0 everywhere after its ReLU. What "
            "follows?",
            {
                "a": ("The channel is dead and can be removed.", "blank is dead"),
                "b": ("The network was not trained long enough.", "too little training"),
                "c": ("Nothing in this photograph excites the channel; another photograph may.", ""),
                "d": ("The photograph is too dark.", "brightness"),
            },
        ),
        last=Asking(
            "A trained network sees a photograph of a cup. In a deep layer, four channels in ten stay 0 everywhere. A "
            "friend wants to remove them. What do you say?",
            {
                "a": ("Look at other photographs first: these channels may respond to something else.", ""),
                "b": ("Take a brighter photograph first: then they will respond.", "brightness"),
                "c": ("Yes: channels that stay 0 are dead.", "blank is dead"),
                "d": ("Train longer first: then they will respond.", "too little training"),
            },
        ),
        because="A channel stays 0 if nothing in the image excites it. The notebook on activations tells channels that "
        "are blank for one image from those that are blank for every image: in the last layer of the ImageNet network "
        "there are many of the first kind and hardly any of the second.",
        ideas={
            "blank is dead": "A channel is dead if it stays 0 for every image. One image cannot show that.",
            "too little training": "Blank maps are not a sign of too little training: in its deep layers the ImageNet "
            "network, trained on more than a million photographs, has far more of them than an untrained one.",
            "brightness": "A deep channel responds to a pattern, and does not measure how bright the photograph is.",
        },
    ),
    Concept(
        id="part",
        topic="activations",
        first=Asking(
            "In a photograph of a cat, the strongest activations of a deep channel lie on the ears. What does this "
            "show?",
            {
                "a": ("By itself, nothing about ears: other photographs and a control are needed.", ""),
                "b": ("The channel detects ears.", "one picture proves it"),
                "c": ("It confirms what is known: deep channels stand for parts of objects.", "it must be so"),
                "d": ("Nothing, and no test could: deep channels cannot be understood.", "nothing can be tested"),
            },
        ),
        last=Asking(
            "A heatmap of one channel is brightest on the nose of a dog. A report says: this channel detects noses. "
            "What is missing?",
            {
                "a": ("Nothing: the heatmap shows it.", "one picture proves it"),
                "b": ("Nothing: in deep layers each channel stands for a part of an object.", "it must be so"),
                "c": ("Other photographs of dogs, and a comparison with channels of an untrained network.", ""),
                "d": ("No test could help: what a deep channel responds to cannot be known.", "nothing can be tested"),
            },
        ),
        because="Among hundreds of channels, some have their strongest activation on any given part by chance. So the "
        "notebook on activations marks the parts, looks at many views, and compares with controls. Even then, not "
        "every part passes.",
        ideas={
            "one picture proves it": "Every channel has its strongest activation somewhere. Among hundreds of "
            "channels, some have it on this part by chance.",
            "it must be so": "This is the claim that must be tested. It cannot be its own evidence.",
            "nothing can be tested": "It can be tested: mark the part, look at many photographs, and compare with "
            "controls, such as an untrained network.",
        },
    ),
)
