"""A workload in which hardly anything is always known."""

LACKING = """
title = "Rides, of which not all is known"
[input]
rate       = 2_000
partitions = 4
[input.fields]
city   = { choice = ["DE", "null", "né", "x,y", "a\\"b", "]", "x", "y"], null = 0.1 }
zone   = { int = [-2, 9], null = 0.05 }
driver = { choice = 200, null = 0.3 }
fare   = { decimal = [-5.05, 80.55], null = 0.2 }
tip    = { int = [-2, 900], null = 0.5 }
km     = { double = [0.0, 30.0], null = 0.4 }
card   = { bool = 0.6, null = 0.2 }
[input.time]
disorder = "50 ms"
[query]
where    = "not (card and tip < 3) or km is null"
group_by = ["city", "zone"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
having   = "paid > 1 and (tips > 600 or mean is null or not (far > 25))"
[query.let]
each  = "case when km > 1 then fare / km end"
known = "driver || '-' || city"
some  = "coalesce(tip, zone * 2)"
[query.select]
rides   = "count(*)"
paid    = "count(fare)"
drivers = "count(distinct known)"
tips    = "sum(tip)"
filled  = "sum(some)"
mean    = "avg(tip) filter (where card)"
by_card = "count(*) filter (where card)"
by_none = "count(*) filter (where card is null or tip not in (1, 2, 3))"
cost    = "sum(each)"
far     = "max(km)"
least   = "min(fare) filter (where driver like 'driver1_')"
off     = "stddev_samp(tip)"
wide    = "var_pop(km) filter (where card)"
opens   = "first(fare)"
ends    = "last(tip + zone)"
ends_by_card = "last(fare) filter (where card)"
whole   = "sum(cast(fare as bigint))"
kinds   = "count(distinct cast(round(fare, 1) as string) || city)"
whole_km = "max(cast(round(km) as bigint))"
spelled = "count(*) filter (where coalesce(driver, 'none') < 'driver5')"
"""
