from .units import GatedUnit, make_units

units = [GatedUnit(8, 8), make_units((8, 16))]
