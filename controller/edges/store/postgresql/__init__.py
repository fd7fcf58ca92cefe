"""The store in a PostgreSQL database, which several machines may share; psycopg is needed here only."""
