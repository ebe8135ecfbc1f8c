"""Generated input of every kind: never a traceback, and each refusal tells what to do."""
