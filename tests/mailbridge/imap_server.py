"""A small IMAP server (RFC 3501): as much as reading a mailbox takes, over a real socket."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PASSWORD = "le mot de pâsse"


@dataclass
class ImapServer:
    """One user with one mailbox, and what can go wrong."""

    user: str = "pont@example.org"
    mailbox: str = "INBOX"
    messages: dict[int, bytes] = field(default_factory=dict)
    """By UID."""
    seen: set[int] = field(default_factory=set)
    uid_validity: int = 3857529045
    says_uid_next: bool = True
    capabilities: str = "IMAP4rev1 AUTH=PLAIN"
    tls: ssl.SSLContext | None = None
    starts_tls: ssl.SSLContext | None = None
    breaks_at: int | None = None
    """The UID in the middle of whose message the connection is lost."""
    hangs_at: str = ""
    """The command that is never answered."""
    announces: int | None = None
    """A size of literal that is announced whatever is sent."""
    commands: list[str] = field(default_factory=list)
    """What clients asked, without what AUTHENTICATE and LOGIN hold."""
    fetched: list[int] = field(default_factory=list)
    port: int = 0

    def add(self, *messages: bytes) -> None:
        """Deliver messages."""
        for raw in messages:
            uid = max(self.messages, default=0) + 1
            self.messages[uid] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    @property
    def url(self) -> str:
        """The mailbox's address."""
        scheme = "imaps" if self.tls else "imap"
        return f"{scheme}://{self.user.replace('@', '%40')}@localhost:{self.port}/{self.mailbox}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await _Session(self, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@dataclass
class _Session:
    server: ImapServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_in: bool = False
    is_open: bool = False

    def say(self, *lines: str | bytes) -> None:
        for line in lines:
            self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    async def run(self) -> None:
        self.say("* OK ready")
        while line := (await self.reader.readline()).decode():
            tag, _, rest = line.strip().partition(" ")
            name, _, arguments = rest.partition(" ")
            name = name.upper()
            if name == "UID":
                kind, _, arguments = arguments.partition(" ")
                name = f"UID {kind.upper()}"
            secret = name in ("LOGIN", "AUTHENTICATE")
            self.server.commands.append(name if secret else f"{name} {arguments}".strip())
            if name == self.server.hangs_at:
                await asyncio.sleep(3600)
            answer = await self.answer(name, arguments)
            if answer is None:
                return
            self.say(f"{tag} {answer}")
            await self.writer.drain()
            if name == "STARTTLS":
                await self.writer.start_tls(self.server.starts_tls)

    async def answer(self, name: str, arguments: str) -> str | None:
        match name:
            case "CAPABILITY":
                self.say(f"* CAPABILITY {self.server.capabilities}")
                return "OK done"
            case "STARTTLS" if self.server.starts_tls:
                return "OK begin"
            case "AUTHENTICATE":
                self.say("+ ")
                told = base64.b64decode(await self.reader.readline()).decode()
                return self.sign_in(*told.split("\0")[1:])
            case "LOGIN":
                found = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
                return self.sign_in(*(one.replace("\\", "") for one in found))
            case "EXAMINE" | "SELECT" if self.is_in:
                return self.open(arguments.strip('"'), name == "EXAMINE")
            case "UID SEARCH" if self.is_open:
                first, last = arguments.removeprefix("UID ").split(":")
                self.say(" ".join(["* SEARCH", *map(str, self.between(int(first), last))]))
                return "OK done"
            case "UID FETCH" if self.is_open:
                return self.fetch(*arguments.split(" ", 1))
            case "LOGOUT":
                self.say("* BYE")
                return "OK bye"
        return "BAD not now"

    def sign_in(self, *given: str) -> str:
        self.is_in = given == (self.server.user, PASSWORD)
        return "OK welcome" if self.is_in else "NO [AUTHENTICATIONFAILED] wrong password"

    def open(self, name: str, read_only: bool) -> str:
        if name != self.server.mailbox:
            return "NO no such mailbox"
        self.is_open = True
        self.say(f"* {len(self.server.messages)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.server.uid_validity}] valid")
        if self.server.says_uid_next:
            self.say(f"* OK [UIDNEXT {max(self.server.messages, default=0) + 1}] next")
        return f"OK [{'READ-ONLY' if read_only else 'READ-WRITE'}] open"

    def between(self, first: int, last: str) -> Iterator[int]:
        newest = max(self.server.messages, default=0)
        end = newest if last == "*" else int(last)
        # `*` is the newest, and a range may be written either way round.
        low, high = sorted((first, end))
        yield from (uid for uid in sorted(self.server.messages) if low <= uid <= high)

    def fetch(self, numbers: str, what: str) -> str | None:
        wanted = [int(one) for one in numbers.split(",")]
        order = sorted(self.server.messages)
        for uid in wanted:
            raw = self.server.messages.get(uid)
            if raw is None:
                continue
            at = order.index(uid) + 1
            if "BODY" not in what:
                self.say(f"* {at} FETCH (UID {uid} RFC822.SIZE {len(raw)})")
                continue
            self.server.fetched.append(uid)
            if "PEEK" not in what:
                self.server.seen.add(uid)
            size = self.server.announces or len(raw)
            self.say(f"* {at} FETCH (UID {uid} BODY[] {{{size}}}")
            if uid == self.server.breaks_at:
                self.writer.write(raw[: len(raw) // 2])
                return None
            self.writer.write(raw)
            self.say(")")
        return "OK done"


@contextmanager
def running(server: ImapServer) -> Iterator[ImapServer]:
    """Serve on a free port, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=server.tls)

    async def stop() -> None:
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
