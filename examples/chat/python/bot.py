"""A bot in Python: `python bot.py URL [BOTS]` tries everything the chat offers.

It says what it sees and fails when something is off. With BOTS, it also waits for that many bots
to be there and greets them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from member import Member
from rpc.chat import (
    Chat,
    ChatClient,
    NotHereError,
    Notification,
    System,
    UserJoined,
    UserLeft,
    UserList,
)
from wirecall import CallOptions, ValidationError, connect

NAME = "python"
GUEST = "python-guest"
LIMIT = 30.0
"""Longer than anything here takes, in seconds."""


async def main(url: str, bots: int) -> None:
    """Tries everything."""
    async with connect(url, token=NAME) as client:
        me = Member(client, NAME)
        users = await me.chat.join()
        print(f"joined: {len(users)} here")
        check(NAME in users, "the list has me")
        await me.hears("a welcome", System, lambda event: NAME in event.text)
        await me.hears("who is here", UserList, lambda _: True)

        said = await me.chat.say(text="hello from Python")
        await me.hears("my own words", Chat, lambda event: event.id == said.id)
        print(f"said {said.text!r} as number {said.id}")

        found = me.chat.search(words=said.text)
        ids = [message.id async for message in found]
        check(ids[0] == said.id, "the newest is found first")
        print(f"found {said.text!r} again, in {await found.result()} messages")

        await with_guest(url, me)
        await mistakes(me.chat)

        await me.chat.notify(severity="info", text="Python is about to leave")
        await me.hears(
            "the notification", Notification, lambda event: event.text.startswith("Python")
        )
        await greet(me, bots)
    print("done")


async def with_guest(url: str, me: Member) -> None:
    """A second session: seen coming, whispered to, asked, counted, and seen going."""
    async with connect(url, token=GUEST) as client:
        guest = Member(client, GUEST)
        await guest.chat.join()
        await me.hears("the guest coming", UserJoined, lambda event: event.user == GUEST)

        await me.chat.whisper(to=GUEST, text="psst")
        await guest.hears("a whisper", Chat, lambda event: event.direct)

        answer = await me.chat.ask(user=GUEST, question="2 + 2?", options=CallOptions(timeout=5.0))
        check(answer == "python-guest does not know 2 + 2?", "the guest's program answers")
        print(f"asked the guest: {answer!r}")

        counts = await me.chat.counts()
        print(f"{counts.connections} connections, {counts.sessions} sessions, {counts.users} users")
        check(min(counts.sessions, counts.users) > 1, "both of mine are counted")
    await me.hears("the guest going", UserLeft, lambda event: event.user == GUEST)


async def mistakes(chat: ChatClient) -> None:
    """What goes wrong arrives as a typed error."""
    try:
        await chat.whisper(to="nobody", text="are you there?")
    except NotHereError as error:
        print(f"as it should be: {error.user} is not here")
    else:
        check(False, "nobody cannot be whispered to")
    try:
        await chat.say(text="")
    except ValidationError as error:
        first = error.errors[0]
        print(f"as it should be: {first.path} {first.message}")
    else:
        check(False, "nothing cannot be said")


async def greet(me: Member, bots: int) -> None:
    """Waits for the other bots, whispers to each, and is whispered to by each."""
    others = await me.sees_bots(bots) - {NAME}
    for user in others:
        await me.chat.whisper(to=user, text=f"hello, {user}")
    for user in others:
        await me.hears(f"{user} greeting me", Chat, greeting_of(user))


def greeting_of(user: str) -> Callable[[Chat], bool]:
    """Whether something that was said is a user's whisper."""
    return lambda event: event.direct and event.from_ == user


def check(holds: bool, what: str) -> None:
    """Ends the bot where something does not hold."""
    if not holds:
        sys.exit(f"it does not hold that {what}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [url]:
            bots = 0
        case [url, count]:
            bots = int(count)
        case _:
            sys.exit("usage: python bot.py URL [BOTS]")
    asyncio.run(asyncio.wait_for(main(url, bots), LIMIT))
