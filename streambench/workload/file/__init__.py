"""A user's file, read as text: what a value is, the declaration says, never a sample of the rows."""
