"""The embedded broker, its topics, and the two instruments beside it: the player and the reader."""
