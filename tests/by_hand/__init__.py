"""Queries that are written by hand, beside their declaration."""
