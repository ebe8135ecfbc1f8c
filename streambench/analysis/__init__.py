"""What follows from a bundle's figures: who is ranked before whom, and why somebody is not."""
