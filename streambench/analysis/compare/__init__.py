"""Bundles side by side: which differences are real."""
