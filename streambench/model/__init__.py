"""Frozen values that every part speaks in; imports nothing from the rest of streambench."""
