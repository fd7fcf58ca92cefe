"""Planning for one partner: from what is declared and what was observed to the plan."""
