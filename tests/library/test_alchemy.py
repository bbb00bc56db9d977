"""The SQLAlchemy dialect, and tools that know databases through it."""

import subprocess
import sys
from collections.abc import Iterator

import pandas
import polars
import pytest
import sqlalchemy
from sqlalchemy import orm
from sqlalchemy.dialects import registry
from sqlalchemy.exc import ArgumentError, NoSuchTableError

import sqloud

SCHEMA = "digitalocean.droplets"
registry.register("sqloud", "sqloud.frontends.alchemy", "SqloudDialect")


@pytest.fixture
def engine() -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine("sqloud://?sandbox=true", connect_args={"on_notice": lambda _: None})
    yield made
    made.dispose()


def test_what_there_is(engine: sqlalchemy.Engine) -> None:
    inspector = sqlalchemy.inspect(engine)
    assert {"main", SCHEMA, "digitalocean.databases"} <= set(inspector.get_schema_names())
    assert {"droplets", "backups"} <= set(inspector.get_table_names(schema=SCHEMA))
    assert inspector.has_table("droplets", schema=SCHEMA)
    assert not inspector.has_table("nowhere", schema=SCHEMA)
    assert inspector.get_pk_constraint("droplets", schema=SCHEMA)["constrained_columns"] == ["id"]
    columns = {
        column["name"]: str(column["type"]) for column in inspector.get_columns("backups", schema=SCHEMA)
    }
    assert (columns["id"], columns["name"], columns["created_at"]) == ("BIGINT", "VARCHAR", "DATETIME")
    (key,) = inspector.get_foreign_keys("backups", schema=SCHEMA)
    assert (key["constrained_columns"], key["referred_schema"], key["referred_table"], key["referred_columns"]) == (
        ["droplet_id"], SCHEMA, "droplets", ["id"],
    )  # fmt: skip
    with pytest.raises(NoSuchTableError):
        inspector.get_columns("nowhere", schema=SCHEMA)


def test_reflected_tables_are_asked(engine: sqlalchemy.Engine) -> None:
    backups = sqlalchemy.Table("backups", sqlalchemy.MetaData(), schema=SCHEMA, autoload_with=engine)
    droplets = backups.metadata.tables[f"{SCHEMA}.droplets"]
    asked = (
        sqlalchemy.select(droplets.c.name, backups.c.created_at, droplets.c.region, droplets.c.tags)
        .join(droplets, backups.c.droplet_id == droplets.c.id)
        .where(backups.c.droplet_id == 3164444)
        .order_by(backups.c.created_at.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        name, created_at, region, tags = connection.execute(asked).one()
    assert (name, created_at.tzinfo is not None, region["slug"], tags) == (
        "example.com",
        True,
        "nyc3",
        ["web", "prod"],
    )


def test_own_tables_and_the_orm(engine: sqlalchemy.Engine) -> None:
    class Base(orm.DeclarativeBase):
        pass

    class Owner(Base):
        __tablename__ = "owners"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
        name: orm.Mapped[str]

    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE owners (id BIGINT, name VARCHAR)"))
    with orm.Session(engine) as session:
        session.add_all([Owner(id=1, name="ann"), Owner(id=2, name="bob")])
        session.commit()
        assert session.scalars(sqlalchemy.select(Owner.name).order_by(Owner.id)).all() == ["ann", "bob"]
    assert sqlalchemy.inspect(engine).get_table_names() == ["owners"]
    assert sqlalchemy.inspect(engine).get_table_names(schema="main") == ["owners"]


def test_pandas_and_polars_read(engine: sqlalchemy.Engine) -> None:
    sql = f"SELECT id, name, created_at FROM {SCHEMA}.droplets ORDER BY id LIMIT 2"
    frame = pandas.read_sql(sql, engine)
    assert frame["id"].tolist() == [3164444, 3164460]
    with engine.connect() as connection:
        assert polars.read_database(sql, connection)["id"].to_list() == [3164444, 3164460]
    with sqloud.connect(sandbox=True, on_notice=lambda _: None) as connection:
        assert polars.read_database(sql, connection)["id"].to_list() == [3164444, 3164460]


def test_errors_are_sqlalchemys(engine: sqlalchemy.Engine) -> None:
    with (
        engine.connect() as connection,
        pytest.raises(sqlalchemy.exc.ProgrammingError, match="no resource 'nowhere'"),
    ):
        connection.execute(sqlalchemy.text(f"SELECT * FROM {SCHEMA}.nowhere"))


@pytest.mark.parametrize("url", ["sqloud://u:p@host", "sqloud://?sandbox=perhaps", "sqloud://?what=1"])
def test_urls_that_say_what_cannot_be(url: str) -> None:
    with pytest.raises(ArgumentError):
        sqlalchemy.create_engine(url).connect()


def test_a_tool_over_sqlalchemy_runs() -> None:
    """csvkit's sql2csv, which knows nothing of sqloud."""
    program = (
        "import sys; from sqlalchemy.dialects import registry; "
        "registry.register('sqloud', 'sqloud.frontends.alchemy', 'SqloudDialect'); "
        "from csvkit.utilities.sql2csv import launch_new_instance; sys.argv[0] = 'sql2csv'; launch_new_instance()"
    )
    sql = f"SELECT id, name FROM {SCHEMA}.droplets ORDER BY id LIMIT 1"
    command = [sys.executable, "-c", program, "--db", "sqloud://?sandbox=true", "--query", sql]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ran.stdout == "id,name\n3164444,example.com\n", ran.stderr
