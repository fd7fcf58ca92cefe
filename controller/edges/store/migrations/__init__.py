"""Migrations of older stores. alembic is imported only here, and only if an older store is found."""
