"""The sections of a report, each built from a bundle alone."""
