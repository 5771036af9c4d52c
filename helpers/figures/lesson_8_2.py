"""All figure modules of lesson 8.2 under one name, so that its set-up cell stays short: figures.cliffs,
figures.arc, ...
"""

from helpers.figures import arc_8_2 as arc
from helpers.figures import cliffs_8_2 as cliffs
from helpers.figures import dependencies_8_2 as dependencies
from helpers.figures import ill_conditioning_8_2 as ill_conditioning
from helpers.figures import inexact_8_2 as inexact
from helpers.figures import limits_8_2 as limits
from helpers.figures import minima_8_2 as minima
from helpers.figures import saddles_8_2 as saddles
from helpers.figures import structure_8_2 as structure

__all__ = ["arc", "cliffs", "dependencies", "ill_conditioning", "inexact", "limits", "minima", "saddles", "structure"]
