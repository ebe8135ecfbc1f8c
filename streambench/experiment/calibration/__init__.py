"""What the scripted engine is set to do, what is done to the instrument, and whether both were found."""
