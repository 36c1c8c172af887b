"""Local queue: one process appends jobs, another works them off and remembers how far it is in a journal of its own."""

import ministore


def work_off(path: str, progress: ministore.Journal[int]) -> None:
    """Do the jobs that are not done yet. After a crash at most the job under way is done a second time."""
    done = max(ministore.replay(progress.path, type=int), default=0)
    with ministore.follow(path, start=done + 1, timeout=0) as jobs:  # timeout=None waits for more for ever
        for job in jobs:
            print("working on", job)
            progress.append(jobs.sequence)


with ministore.open("jobs.jsonl") as jobs:
    jobs.append_many([{"resize": "cat.png"}, {"resize": "dog.png"}])
    with ministore.open("jobs.done.jsonl", type=int, max_bytes_per_segment=4096, max_segments=2) as progress:
        work_off("jobs.jsonl", progress)
        jobs.append({"resize": "fox.png"})
        work_off("jobs.jsonl", progress)
