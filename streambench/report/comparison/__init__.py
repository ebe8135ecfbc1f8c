"""A comparison as words, tables, plots, and the forms that programs read."""
