"""asyncio: many tasks append at once and share syncs, one follows."""

import asyncio

from ministore import aio


async def handle(journal: aio.Journal[dict[str, int]], request: int) -> int:
    return await journal.append({"request": request})


async def watch(count: int) -> int:
    total = 0
    async with aio.follow("requests.jsonl", type=dict[str, int]) as records:
        async for record in records:
            total += record["request"]
            if records.sequence == count:
                break
    return total


async def main() -> None:
    async with aio.open("requests.jsonl", type=dict[str, int]) as journal:
        watcher = asyncio.create_task(watch(1000))
        await asyncio.gather(*(handle(journal, request) for request in range(1000)))
        print("sum of all requests:", await watcher)


asyncio.run(main())
