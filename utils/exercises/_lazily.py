"""``keras`` and its ``layers``, imported when they are first used: what an exercise asks for is told without them."""

import importlib
import types


class _Lazy(types.ModuleType):
    def __getattr__(self, name):
        return getattr(importlib.import_module(self.__name__), name)


keras, layers = _Lazy("keras"), _Lazy("keras.layers")
