CREATE TEMPORARY VIEW counted AS
SELECT auction, window_start, window_end, window_time, COUNT(*) AS bids
FROM TABLE(HOP(TABLE events, DESCRIPTOR(event_time), INTERVAL '1' SECOND, INTERVAL '2' SECOND))
GROUP BY auction, window_start, window_end, window_time;

CREATE TEMPORARY VIEW greatest_of AS
SELECT window_start, window_end, MAX(bids) AS most
FROM counted
GROUP BY window_start, window_end;

INSERT INTO results
SELECT counted.auction,
       EXTRACT(EPOCH FROM counted.window_start) * 1000 + EXTRACT(MILLISECOND FROM counted.window_start),
       counted.bids
FROM counted JOIN greatest_of
  ON counted.window_start = greatest_of.window_start
 AND counted.window_end = greatest_of.window_end
 AND counted.bids = greatest_of.most;
