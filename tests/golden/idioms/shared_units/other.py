from .units import DeepUnit, PlainUnit, WideUnit

units = [DeepUnit(8), PlainUnit(8), WideUnit(8)]
