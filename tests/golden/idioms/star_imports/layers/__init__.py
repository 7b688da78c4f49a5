from .blocks import *
from .norms import Norm2d as Norm
