"""Tasks and threads that share connections; cancellation."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import polars
import pytest

import sqloud
from sqloud.executor.transport import Transport
from sqloud.protocol.messages import ApiRequest, ApiResponse

BACKUPS = "SELECT name FROM digitalocean.droplets.droplets WHERE id = :id"
TIMES = 50


def quiet(_: str) -> None:
    """No notice."""


def test_async_with_and_async_for() -> None:
    async def program() -> list[object]:
        found: list[object] = []
        async with sqloud.aconnect(sandbox=True, on_notice=quiet) as connection:
            async for row in await connection.execute("SELECT id FROM digitalocean.droplets.droplets"):
                found += row
            cursor = await connection.execute("SELECT 1 AS one")
            assert cursor.pl().to_dicts() == [{"one": 1}]
            assert await cursor.fetchall() == [(1,)]
            assert [column[0] for column in cursor.description or ()] == ["one"]
        with pytest.raises(sqloud.InterfaceError):
            await connection.execute("SELECT 1")
        other = await sqloud.aconnect(sandbox=True)
        await other.close()
        return found

    assert len(asyncio.run(program())) == 60


def test_the_sync_face_works_inside_a_running_loop() -> None:
    async def program() -> object:
        with sqloud.connect(sandbox=True, on_notice=quiet) as connection:
            return connection.execute("SELECT count(*) FROM digitalocean.droplets.droplets").fetchone()

    assert asyncio.run(program()) == (60,)


def expected(number: int) -> object:
    return "fails" if number % 10 == 0 else number


def test_fifty_threads_share_a_connection() -> None:
    with sqloud.connect(sandbox=True, on_notice=quiet) as connection:

        def ask(number: int) -> object:
            frame = polars.DataFrame({"n": [number]})
            try:
                wrong = "nowhere" if number % 10 == 0 else "frame"
                ((found,),) = connection.execute(
                    f"SELECT n FROM {wrong} WHERE (SELECT count(*) FROM digitalocean.droplets.droplets) = 60"
                ).fetchall()
            except sqloud.UnknownNameError:
                return "fails"
            assert frame.height == 1
            return found

        with ThreadPoolExecutor(TIMES) as pool:
            assert list(pool.map(ask, range(TIMES))) == [expected(number) for number in range(TIMES)]


def test_fifty_tasks_share_a_connection() -> None:
    async def program() -> list[object]:
        async with sqloud.aconnect(sandbox=True, on_notice=quiet) as connection:

            async def ask(number: int) -> object:
                table = "nowhere" if number % 10 == 0 else "digitalocean.droplets.droplets"
                try:
                    cursor = await connection.execute(f"SELECT :n FROM {table} LIMIT 1", {"n": number})
                    return (await cursor.fetchall())[0][0]
                except sqloud.UnknownNameError:
                    return "fails"

            return await asyncio.gather(*map(ask, range(TIMES)))

    assert asyncio.run(program()) == [expected(number) for number in range(TIMES)]


class Stuck(Transport):
    """Answers nothing, but tells that it was asked."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        self.asked.set()
        await asyncio.sleep(60)
        raise AssertionError("it was not cancelled")

    async def close(self) -> None:
        """Nothing is held."""


def test_a_cancelled_task_cancels_its_own_statement_alone() -> None:
    async def program() -> None:
        stuck = Stuck()
        keys = {"digitalocean": "dop_v1_test"}
        async with sqloud.aconnect(transport=stuck, credentials=keys) as connection:
            asking = asyncio.create_task(connection.execute("SELECT * FROM digitalocean.droplets.droplets"))
            await asyncio.to_thread(stuck.asked.wait, 10)
            slow = asyncio.create_task(
                connection.execute("SELECT count(*) FROM range(30000000) t(i) WHERE i % 7 = 3")
            )
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await (await slow).fetchone() == (4285714,)

    asyncio.run(asyncio.wait_for(program(), 25))
