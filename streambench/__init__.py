"""streambench: equivalent windowed-aggregation jobs on four stream engines, one load, proved results."""

__version__ = "0.1.0"
