"""Tables: a journal as JSON Lines for polars, pandas and DuckDB."""

import duckdb
import pandas
import polars

import ministore

with ministore.open("sales.jsonl") as journal:
    journal.append_many({"city": city, "cents": cents} for city, cents in [("Rom", 5), ("Bonn", 7), ("Rom", 2)])

with ministore.reader("sales.jsonl") as file:
    print(polars.read_ndjson(file).group_by("city").sum().sort("city"))
with ministore.reader("sales.jsonl") as file:
    print(pandas.read_json(file, lines=True).groupby("city").sum())
with ministore.reader("sales.jsonl") as file:  # DuckDB reads file objects through the package fsspec
    sales = duckdb.read_json(file, format="newline_delimited")
    print(duckdb.sql("select city, sum(cents) from sales group by city order by city"))
