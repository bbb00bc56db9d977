r"""What `\help tour` and `\h STATEMENT` say.

Law: every statement that stands here runs, in the sandbox, as it is written.
"""

from __future__ import annotations

from sqloud.errors import ProgrammingError

__all__ = ["STATEMENTS", "TOUR", "statement_help"]

TOUR = """\
Five statements to begin with; each runs in the sandbox as in your account:

  SHOW SERVICES IN digitalocean;
      what there is; then SHOW RESOURCES IN digitalocean.droplets; or \\dt droplets.*

  SELECT id, name, region ->> 'slug' FROM digitalocean.droplets.droplets;
      one table; Tab completes its columns, \\d droplets.droplets lists them

  SELECT name FROM digitalocean.droplets.backups WHERE droplet_id = 3164444;
      a table that belongs to something: say which

  SELECT d.name, b.name AS backup FROM digitalocean.droplets.droplets d
    JOIN digitalocean.droplets.backups b ON b.droplet_id = d.id;
      or let another table say it: one request a droplet

  EXPLAIN SELECT count(*) FROM digitalocean.droplets.droplets;
      the requests that a statement would send, and none is sent

Then: \\x auto, \\timing, \\requests, \\watch 5, and \\? for all the rest."""

STATEMENTS = {
    "SELECT": "SELECT columns FROM provider.service.resource [JOIN ...] [WHERE ...] [GROUP BY ...]\n"
    "  [ORDER BY ...] [LIMIT n]\n"
    "PostgreSQL's SELECT. Parameters of the API are columns of the WHERE: WHERE droplet_id = 3164444.",
    "INSERT": "INSERT INTO provider.service.resource (field, ...) VALUES (value, ...) | SELECT ... [RETURNING ...]\n"
    "One request a row. The shell shows what it would send and asks.",
    "UPDATE": "UPDATE provider.service.resource SET field = value, ... [FROM ...] WHERE ... [RETURNING ...]",
    "REPLACE": "REPLACE provider.service.resource SET field = value, ... WHERE ...\n"
    "As UPDATE, by the method that replaces the whole.",
    "DELETE": "DELETE FROM provider.service.resource WHERE ... [RETURNING ...]",
    "EXEC": "EXEC provider.service.resource.method @parameter = value, ... [@@json = '{...}']\n"
    "Any method by its name; \\dm lists them.",
    "SHOW": "SHOW PROVIDERS\nSHOW SERVICES IN provider [LIKE 'text%']\nSHOW RESOURCES IN provider.service\n"
    "SHOW METHODS IN provider.service.resource\nSHOW ALL | SHOW setting",
    "DESCRIBE": "DESCRIBE [EXTENDED] provider.service.resource\nDESCRIBE METHOD provider.service.resource.method",
    "EXPLAIN": "EXPLAIN [ANALYZE] [(FORMAT json)] statement\n"
    "The requests that it would send; ANALYZE sends them and tells what they cost.",
    "SET": "SET setting = value | RESET setting | RESET ALL\nSHOW ALL lists the settings.",
    "CREATE": "CREATE [OR REPLACE] TABLE name AS SELECT ...\n"
    "CREATE [OR REPLACE] [MATERIALIZED] VIEW name AS SELECT ...",
    "COPY": "COPY (SELECT ...) TO 'file.parquet' | COPY table TO 'file.csv' | COPY table FROM 'file.csv'\n"
    "Files in the directories of --allow-read and --allow-write.",
    "BEGIN": "BEGIN; writes ...; COMMIT | ROLLBACK\nWrites are kept until COMMIT sends them in their order.",
}


def statement_help(name: str) -> str:
    """How a statement is written. Raises ProgrammingError for one that there is not."""
    word = name.strip().rstrip(";").upper().split(" ")[0]
    if not word:
        return f"\\h STATEMENT   one of {', '.join(STATEMENTS)}"
    if word not in STATEMENTS:
        from difflib import get_close_matches

        close = get_close_matches(word, list(STATEMENTS), n=1)
        near = (f"did you mean {close[0]}?",) if close else ()
        raise ProgrammingError(
            f"there is no help on {name}", hints=(*near, f"one of {', '.join(STATEMENTS)}")
        )
    return STATEMENTS[word]
