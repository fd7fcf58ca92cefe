"""One pass over one partner: look, decide, act, report."""
