"""Nexmark Q5: each partition counts its own auctions; the parts of all partitions meet, and the greatest wins."""


def add(window, event):
    """One bid more for its auction."""
    window[event["auction"]] = window.get(event["auction"], 0) + 1


def part(window):
    """The auctions of this partition that no other one of it beats."""
    most = max(window.values())
    return [most, [auction for auction, bids in window.items() if bids == most]]


def rows(parts, window_start):
    """Those that none beats in any partition; all of them where several have as many."""
    most = max(bids for bids, _ in parts)
    for bids, auctions in parts:
        if bids == most:
            for auction in auctions:
                yield {"auction": auction, "window_start": window_start, "bids": bids}
