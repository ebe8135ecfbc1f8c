/** A row of the output: a key, a window and its aggregates in the order of the query. */
record Row(String key, long windowStart, long windowEnd, long[] totals) {}
