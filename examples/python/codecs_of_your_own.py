"""Codecs: orjson for speed with plain values, pydantic for models with validation."""

from typing import Any

import orjson
import pydantic

import ministore


class Orjson:
    """Plain values. Integers beyond 64 bits are refused by orjson."""

    def encode(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def decode(self, record: bytes) -> Any:
        return orjson.loads(record)


class User(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=0)


class Users:
    """A ValidationError of pydantic is a ValueError, so a record that does not fit becomes a DecodeError."""

    def encode(self, user: User) -> bytes:
        return user.model_dump_json().encode()

    def decode(self, record: bytes) -> User:
        return User.model_validate_json(record)


with ministore.open("plain.jsonl", codec=Orjson()) as plain:
    plain.append({"n": 2**63})
print(list(ministore.replay("plain.jsonl", codec=Orjson())))

with ministore.open("users.jsonl", codec=Users()) as users:
    users.append(User(name="Ada", age=36))
with ministore.open("users.jsonl") as anything:
    anything.append({"name": "Bob", "age": -1})
try:
    for user in ministore.replay("users.jsonl", codec=Users()):
        print(user)
except ministore.DecodeError as error:
    print("record", error.sequence, "on line", error.line, "is no user")
