"""A TCP proxy of the tests' own: cuts, refuses, swallows, delays, and leaves connections half open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

CHUNK = 65536
ACCEPTING_S = 0.02
RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class Link:
    """One connection of a client: both of its ends, and whether it still carries anything."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    is_dead: bool = False


@dataclass
class Proxy:
    """Listens on a port of loopback and forwards to another one.

    A blackhole keeps what is sent, as TCP does while packets are dropped: when it ends, everything arrives late, even
    from clients that have given up. A half-open connection accepts what is sent and answers never again.
    """

    target: int
    port: int = 0
    delay_s: float = 0.0
    loses_replies: bool = False
    accepted: int = 0
    links: set[Link] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.listener: asyncio.Server | None = None
        self.flows = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="proxy")
        self.thread.start()
        self._call(self._listen())
        self._do(self.flows.set)

    def url(self, db: int = 0) -> str:
        """Where clients connect."""
        return f"redis://127.0.0.1:{self.port}/{db}"

    def cut(self) -> None:
        """Reset every connection; new ones are welcome."""
        self._do(self._cut)

    def refuse(self) -> None:
        """Reset every connection and refuse new ones until `heal`."""
        self._call(self._unlisten())
        self.cut()

    def blackhole(self) -> None:
        """Accept connections and bytes, and pass none on until `heal`."""
        self._do(self.flows.clear)

    def half_open(self) -> None:
        """Leave the connections that there are open and silent for ever; new ones work."""
        self._do(self._deaden)

    def delay(self, seconds: float) -> None:
        """Hold up every piece of data in either direction."""
        self.delay_s = seconds

    def lose_replies(self) -> None:
        """Reset a connection when the server answers: what was asked is done, and the client does not know."""
        self.loses_replies = True

    def heal(self) -> None:
        """Be a good network again."""
        self.delay_s, self.loses_replies = 0.0, False
        self._call(self._listen())
        self._do(self.flows.set)

    def close(self) -> None:
        """Stop for good."""
        self._call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _do(self, call: Callable[[], None]) -> None:
        async def run() -> None:
            call()

        self._call(run())

    def _call(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        if self.listener is None:
            self.listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
            self.port = self.listener.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self.listener is not None:
            for sock in self.listener.sockets:
                self.loop.remove_reader(sock.fileno())
            await asyncio.sleep(ACCEPTING_S)  # a server that closes while it accepts leaves that connection to nobody
            self.listener.close()
            self.listener = None

    async def _end(self) -> None:
        await self._unlisten()
        self._cut()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _cut(self) -> None:
        for link in self.links:
            for end in (link.client, link.server):
                if end is not None:
                    self._reset(end)

    def _reset(self, end: asyncio.StreamWriter) -> None:
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.transport.abort()

    def _deaden(self) -> None:
        for link in self.links:
            link.is_dead = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self.accepted += 1
        link = Link(writer)
        self.links.add(link)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._join(link, reader)
        self.links.discard(link)
        for end in (link.client, link.server):
            if end is not None:
                end.transport.abort()

    async def _join(self, link: Link, from_client: asyncio.StreamReader) -> None:
        await self.flows.wait()
        from_server, link.server = await asyncio.open_connection("127.0.0.1", self.target)
        ways = [
            asyncio.ensure_future(self._pump(link, from_client, link.server)),
            asyncio.ensure_future(self._pump(link, from_server, link.client)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # The server hung up, or the client did: a dead link shows it to neither of them.
            if link.is_dead and not ways[0].done():
                await ways[0]
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, link: Link, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            await self.flows.wait()
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.loses_replies and target is link.client:
                return self._reset(target)
            if not link.is_dead:
                target.write(data)
                await target.drain()
        await self.flows.wait()
