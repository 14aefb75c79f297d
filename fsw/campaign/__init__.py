"""Many flights: each varied as the mission file's [dispersions] say, each reproducible alone.

`variation` draws, `flight` flies one and measures it, `ledger` keeps what is done, `crew` spreads the work
over processes or a Dask cluster, `results` writes tables and plots. `recontact` asks, of the relative motion
alone, whether what was released comes back.
"""
