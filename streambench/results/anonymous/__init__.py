"""Bundles that may be given away: what they say of a machine or of its user is left out."""
