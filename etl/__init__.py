"""Files → DuckDB: extract, tidy, check, load, build. ``python -m etl`` runs it; etl.build is what the application calls."""
