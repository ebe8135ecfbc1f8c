/** A row of the output: a key, a window and its aggregates. */
record Row(String key, long windowStart, long windowEnd, Totals totals) {}
