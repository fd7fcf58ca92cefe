"""Resources as Gupshup lists them: as documents, in tables, and beside what is declared."""
