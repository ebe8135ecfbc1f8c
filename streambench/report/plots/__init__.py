"""The plots of a report, each drawn from values that its section gives."""
