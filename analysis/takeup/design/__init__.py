"""How the draw was made, and the one function that makes it: the trial and its re-randomisations are drawn alike."""

from takeup.design.declare import Design

__all__ = ["Design"]
