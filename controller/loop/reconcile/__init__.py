"""One pass over one partner: observe, decide, act, report."""
