"""A bounded sample of the kill test (kill.py); `script/kill` runs thousands of rounds."""

import kill
import pytest


@pytest.mark.parametrize(("language", "rounds"), [("C", 200), ("Python", 50), ("Go", 50), ("Lua", 50)])
def test_killed_writers_lose_nothing(language, rounds):
    records = kill.survive(language, rounds)
    print(f"{rounds} writers in {language} killed, {records} records")
    assert records > rounds
