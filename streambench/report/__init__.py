"""Reports from a bundle alone: HTML, Markdown, plots, and the summary on a terminal."""
