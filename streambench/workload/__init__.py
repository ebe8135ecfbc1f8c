"""Workload folders: `workload.toml`, its expressions, and their text in SQL, Java and Python."""
