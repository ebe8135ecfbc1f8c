"""From judged rows to figures, and the folder that holds a run."""
