"""Many trials: plans, rounds, and the assessment of each trial."""
