"""A history as words, tables, plots, and the page."""
