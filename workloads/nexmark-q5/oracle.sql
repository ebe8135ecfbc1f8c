WITH hopped AS (
    SELECT auction, unnest(range(event_ms // 1000 * 1000 - 1000, event_ms // 1000 * 1000 + 1, 1000)) AS window_start
    FROM events
),
counted AS (
    SELECT auction, window_start, count(*) AS bids FROM hopped GROUP BY ALL
)
SELECT auction, window_start, bids FROM counted
QUALIFY bids = max(bids) OVER (PARTITION BY window_start)
