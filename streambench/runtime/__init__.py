"""What every run stands on: child processes, artifacts, locks, waits, usage."""
