"""Processes on several hosts meet in a topic: who is there, what is to be done, what became of it."""
