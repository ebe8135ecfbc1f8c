"""One running job, from its launch to its last row."""
