"""Takes every scenario of tests/conformance through the public Python API, as its README.md says."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

import ministore

SUITE = Path(__file__).resolve().parents[2] / "tests" / "conformance"
FILES = sorted(file for file in SUITE.glob("*.json") if file.name != "schema.json")
SCENARIOS = [(file.name, scenario) for file in FILES for scenario in json.loads(file.read_text(encoding="utf-8"))]

NUMBERS_OF_OPEN = ("max_bytes_per_segment", "max_segments", "max_record_bytes", "preallocate_bytes")

ran: list[str] = []


class Step:
    """The fields of a step; what nobody took of them is unknown, and so a failure."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = dict(fields)

    def take(self, name: str, default: Any = None) -> Any:
        return self.fields.pop(name, default)

    def numbers(self, *names: str) -> dict[str, int]:
        return {name: int(self.fields.pop(name)) for name in names if name in self.fields}

    def expect(self, **got: object) -> None:
        """Compare every field of these that the step has."""
        for name, value in got.items():
            if name in self.fields:
                expected = self.fields.pop(name)
                assert expected == (value if isinstance(value, list) else str(value)), name

    def done(self) -> None:
        assert not self.fields, f"unknown fields {sorted(self.fields)}"


def to_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    fields = Step(value)
    times = int(fields.take("repeat", "1"))
    if "text" in fields.fields:
        data = str(fields.take("text")).encode()
    elif "hex" in fields.fields:
        data = bytes.fromhex(fields.take("hex"))
    else:
        data = b"".join(map(to_bytes, fields.take("parts")))
    fields.done()
    return data * times


def expect_error(expected: dict[str, str], error: ministore.Error) -> None:
    fields = Step(expected)
    fields.expect(code=error.code, segment=error.segment, line=error.line, offset=error.offset, sequence=error.sequence)
    fields.done()


class Runner:
    """The folder and the handles of one scenario; one method for each step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.handles: dict[str, Any] = {}

    def run(self, fields: dict[str, Any]) -> None:
        step = Step(fields)
        take_step: Callable[[Step], None] = getattr(self, "step_" + step.take("do"))
        take_step(step)
        step.done()

    def close(self) -> None:
        for handle in self.handles.values():
            with suppress(ministore.Error):
                handle.close()
        self.handles.clear()

    def path(self, step: Step, name: str = "path") -> Path:
        return self.folder / str(step.take(name))

    def call(self, step: Step, function: Callable[[], Any]) -> Any:
        """The function's result; None if it failed as the step expects."""
        expected = step.take("error")
        if expected is None:
            return function()
        with pytest.raises(ministore.Error) as caught:
            function()
        expect_error(expected, caught.value)
        return None

    def handle(self, step: Step, default: str = "j") -> Any:
        return self.handles[step.take("on", default)]

    # Writers

    def step_open(self, step: Step) -> None:
        path, name = self.path(step), step.take("as", "j")
        options: dict[str, Any] = step.numbers(*NUMBERS_OF_OPEN)
        options.update((option, step.take(option)) for option in ("sync", "torn_tail") if option in step.fields)
        if "mode" in step.fields:
            options["mode"] = int(step.take("mode"), 8)
        journal = self.call(step, lambda: ministore.open(path, raw=True, **options))
        if journal is not None:
            assert name not in self.handles
            self.handles[name] = journal
            step.expect(torn_bytes=journal.stat().torn_bytes)

    def step_append(self, step: Step) -> None:
        journal, record = self.handle(step), to_bytes(step.take("record"))
        step.expect(sequence=self.call(step, lambda: journal.append(record)))

    def step_append_batch(self, step: Step) -> None:
        journal, records = self.handle(step), list(map(to_bytes, step.take("records")))
        step.expect(sequence=self.call(step, lambda: journal.append_many(records)))

    def step_sync(self, step: Step) -> None:
        self.call(step, self.handle(step).sync)

    def step_rotate(self, step: Step) -> None:
        self.call(step, self.handle(step).rotate)

    def step_prune(self, step: Step) -> None:
        journal, before = self.handle(step), int(step.take("before"))
        step.expect(removed=self.call(step, lambda: journal.prune(before)))

    def step_stat(self, step: Step) -> None:
        self.expect_fields(step, self.call(step, self.handle(step).stat))

    def step_close(self, step: Step) -> None:
        self.call(step, self.handles.pop(step.take("on", "j")).close)

    def step_abandon(self, step: Step) -> None:
        self.number += 1
        copy = self.folder.with_name(f"{self.folder.name}-{self.number}")
        shutil.copytree(self.folder, copy, symlinks=True)
        old, self.folder = self.folder, copy
        self.close()
        shutil.rmtree(old)

    # Readers

    def reading(self, step: Step) -> tuple[dict[str, Any], list[ministore.Error]]:
        """The options of a reader, and the list that takes the errors it passes."""
        options: dict[str, Any] = step.numbers("max_record_bytes")
        passed: list[ministore.Error] = []
        if "from" in step.fields:
            options["start"] = int(step.take("from"))
        if "on_bad_line" in step.fields:
            assert step.take("on_bad_line") == "skip"
            options["on_bad_line"] = passed.append
        return options, passed

    def step_replay(self, step: Step) -> None:
        self.read_whole(step, ministore.replay)

    def step_stream(self, step: Step) -> None:
        self.read_whole(step, ministore.stream)

    def read_whole(self, step: Step, function: Callable[..., ministore.Records[bytes]]) -> None:
        path = self.path(step)
        options, passed = self.reading(step)
        opened: list[ministore.Records[bytes]] = []

        def numbered() -> Iterator[tuple[int, bytes]]:
            opened.append(function(path, raw=True, **options))
            for record in opened[0]:
                yield opened[0].sequence, record

        self.expect_records(step, numbered(), passed)
        if "torn_bytes" in step.fields:
            step.expect(torn_bytes=opened[0].stat().torn_bytes)
        for records in opened:
            records.close()

    def step_follow(self, step: Step) -> None:
        path, name = self.path(step), step.take("as", "c")
        options, passed = self.reading(step)
        if step.take("at_end", False):
            options["at_end"] = True
        follower = self.call(step, lambda: ministore.follow(path, raw=True, timeout=0, **options))
        if follower is not None:
            assert name not in self.handles
            follower.passed = passed
            self.handles[name] = follower

    def step_next(self, step: Step) -> None:
        follower = self.handle(step, "c")
        follower.passed.clear()
        self.expect_records(step, ((follower.sequence, record) for record in follower), follower.passed)

    def step_wait(self, step: Step) -> None:
        follower, seconds = self.handle(step, "c"), int(step.take("timeout_ms")) / 1000
        step.expect(result=follower.wait(seconds))

    def step_interrupt(self, step: Step) -> None:
        self.handle(step, "c").interrupt()

    def expect_records(
        self, step: Step, numbered: Iterator[tuple[int, bytes]], passed: list[ministore.Error]
    ) -> None:
        got: list[tuple[int, bytes]] = []
        self.call(step, lambda: got.extend(numbered))
        assert [record for _, record in got] == list(map(to_bytes, step.take("records", [])))
        step.expect(sequences=[str(sequence) for sequence, _ in got])
        errors = step.take("errors", [])
        assert len(passed) == len(errors), passed
        for expected, error in zip(errors, passed, strict=True):
            expect_error(expected, error)

    # Care

    def step_verify(self, step: Step) -> None:
        path, options, error = self.path(step), step.numbers("max_record_bytes"), step.take("error")
        if error is None:
            self.expect_fields(step, ministore.verify(path, **options))
            return
        with pytest.raises(ministore.Error) as caught:
            ministore.verify(path, **options)
        expect_error(error, caught.value)
        self.expect_fields(step, caught.value.verified)

    def step_repair(self, step: Step) -> None:
        path, options, dry_run = self.path(step), step.numbers("max_record_bytes"), step.take("dry_run", False)
        self.expect_fields(step, self.call(step, lambda: ministore.repair(path, dry_run=dry_run, **options)))

    def step_json(self, step: Step) -> None:
        record = to_bytes(step.take("record"))
        self.call(step, lambda: ministore.validate(record))

    def expect_fields(self, step: Step, info: Any) -> None:
        if info is not None:
            step.expect(**asdict(info))

    # Files

    def step_put(self, step: Step) -> None:
        file, at = self.path(step, "file"), step.take("at")
        data = to_bytes({name: step.take(name) for name in list(step.fields)})
        flags = os.O_WRONLY | (os.O_CREAT | os.O_TRUNC if at is None else 0)
        descriptor = os.open(file, flags, 0o600)
        try:
            place = os.fstat(descriptor).st_size if at == "end" else int(at or 0)
            assert os.pwrite(descriptor, data, place) == len(data)
        finally:
            os.close(descriptor)

    def step_cut(self, step: Step) -> None:
        os.truncate(self.path(step, "file"), int(step.take("bytes")))

    def step_mkdir(self, step: Step) -> None:
        self.path(step, "file").mkdir()

    def step_link(self, step: Step) -> None:
        os.link(self.path(step, "target"), self.path(step, "file"))

    def step_symlink(self, step: Step) -> None:
        self.path(step, "file").symlink_to(step.take("target"))

    def step_fifo(self, step: Step) -> None:
        os.mkfifo(self.path(step, "file"))

    def step_chmod(self, step: Step) -> None:
        self.path(step, "file").chmod(int(step.take("mode"), 8))

    def step_rename(self, step: Step) -> None:
        self.path(step, "file").rename(self.path(step, "to"))

    def step_remove(self, step: Step) -> None:
        file = self.path(step, "file")
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink()

    def step_files(self, step: Step) -> None:
        found = {
            str(file.relative_to(self.folder))
            for file in self.folder.rglob("*")
            if file.is_symlink() or not file.is_dir()
        }
        assert found == set(step.fields)
        for name in found:
            expect_file(self.folder / name, Step(step.take(name)))


def expect_file(file: Path, expected: Step) -> None:
    if "target" in expected.fields:
        expected.expect(target=os.readlink(file))
    if "mode" in expected.fields:
        expected.expect(mode=f"{stat.S_IMODE(file.stat().st_mode):04o}")
    if "bytes" in expected.fields:
        expected.expect(bytes=file.stat().st_size)
    if expected.fields:
        assert file.read_bytes() == to_bytes({name: expected.take(name) for name in list(expected.fields)})


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.mark.parametrize(
    ("file", "scenario"), SCENARIOS, ids=[f"{file}: {scenario['name']}" for file, scenario in SCENARIOS]
)
def test_scenario(file: str, scenario: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "scenario"
    folder.mkdir()
    runner = Runner(folder)
    ran.append(scenario["name"])
    try:
        for number, fields in enumerate(scenario["steps"], 1):
            try:
                runner.run(fields)
            except Exception as error:
                pytest.fail(f"{file}: {scenario['name']}: step {number} {fields}: {error!r}")
    finally:
        runner.close()


def test_every_scenario_ran(request: pytest.FixtureRequest) -> None:
    names = [scenario["name"] for _, scenario in SCENARIOS]
    selected = [item.callspec.id for item in request.session.items if item.name.startswith("test_scenario[")]  # type: ignore[attr-defined]
    print(f"conformance: {len(ran)} of {len(names)} scenarios ran")
    assert len(set(names)) == len(names) > 0
    assert len(ran) == len(selected)
