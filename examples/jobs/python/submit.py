"""Submits a sum and waits for its end: `python submit.py URL TOKEN NUMBER...`.

The generated client has to be on the path: `PYTHONPATH=../clients/python`.
"""

from __future__ import annotations

import asyncio
import sys

from wirecall import ServedCall, connect

from jobs import Done, Failed, JobsClient, KeyTakenError, Progress, Sum


class Yes:
    """Approves whatever is asked."""

    async def approve(self, *, key: str, steps: int, call: ServedCall) -> bool:
        """Says so."""
        print(f"{call.method}: {key} takes {steps} steps")
        return True


async def main(url: str, token: str, numbers: list[str]) -> None:
    """Submits, and prints what is heard until the job ends."""
    async with connect(url, token=token) as client:
        jobs = JobsClient(client)
        heard: asyncio.Queue[Progress | Done | Failed] = asyncio.Queue(1000)
        jobs.on_progress(heard.put_nowait)
        jobs.on_done(heard.put_nowait)
        jobs.on_failed(heard.put_nowait)
        jobs.serve_approval(Yes())
        try:
            job = await jobs.submit(key="-".join(["sum", *numbers]), work=Sum(numbers=numbers))
        except KeyTakenError as error:
            print("the key stands for job", error.id)
            return
        print("job", job.id, job.state)
        while not isinstance(event := await heard.get(), Done | Failed):
            print(f"{event.percent} %")
        print(event)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
