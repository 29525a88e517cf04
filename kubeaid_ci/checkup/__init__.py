"""Checks of this machine, the repositories, the tokens and the forge."""
