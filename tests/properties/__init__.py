"""Whole queries and sequences of events, drawn at random, through everything that answers them."""
