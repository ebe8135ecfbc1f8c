"""What a report says of each kind of experiment: answer, facts, sections and summary."""
