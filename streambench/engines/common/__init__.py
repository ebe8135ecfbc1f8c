"""What the engines share: filling symbols in, writing programs down, JVM flags, their own words."""
