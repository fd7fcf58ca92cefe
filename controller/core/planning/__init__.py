"""One partner: what is declared, what is there, and the plan that follows from both."""
