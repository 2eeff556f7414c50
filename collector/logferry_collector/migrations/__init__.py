"""How a database gets to the schema in `tables.py`: Alembic's environment and one file per step."""
