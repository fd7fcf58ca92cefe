"""Controller process: the source it reads, the partners it leads, and what it shows of them."""
