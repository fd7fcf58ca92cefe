"""How older stores become current ones; alembic is imported here only, and only when one is found."""
