"""The analysis of a bundle as data for other programs: `streambench report DIR --json`."""
