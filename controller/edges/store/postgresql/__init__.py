"""The store in a PostgreSQL database, which several machines may share. Only this package needs psycopg."""
