"""A package that loads its modules once more by their loaders, past the finders."""

import importlib
import pkgutil
import sys

for finder, name, _ in pkgutil.walk_packages(__path__, __name__ + "."):
    module = importlib.import_module(name)
    finder.find_spec(name).loader.exec_module(sys.modules[name])
