"""On a terminal: colours, the progress bar, the question of repair, and records that cannot drive it."""

import pytest
from conftest import HEADER, read, write


def test_records_cannot_drive_the_terminal(ministore, journal, terminal):
    write(journal, HEADER + b'"\x7f\xc2\x9b31m\xc2\xa0\xc3\xa4"\n{"a":1,\r"b":\t2}\n')
    assert ministore.run("cat", journal, stdout=terminal.slave).code == 0
    assert terminal.take() == b'"\\u007f\\u009b31m\xc2\xa0\xc3\xa4"\r\n{"a":1, "b":\t2}\r\n'


def test_records_are_the_same_bytes_in_a_pipe(ministore, journal):
    write(journal, HEADER + b'"\x7f\xc2\x9b31m"\n{"a":1,\r"b":\t2}\n')
    assert ministore.ok("cat", journal) == b'"\x7f\xc2\x9b31m"\n{"a":1,\r"b":\t2}\n'


def test_tail_escapes_too(ministore, journal, terminal):
    ministore.ok("append", journal, input=b'"\xc2\x9b"\n')
    ministore.run("tail", journal, stdout=terminal.slave)
    assert terminal.take() == b'"\\u009b"\r\n'


def test_a_verdict_is_coloured(ministore, numbers, terminal):
    ministore.run("verify", numbers, stdout=terminal.slave)
    assert b"\x1b[1;32mgood\x1b[0m" in terminal.take()


def test_a_bad_verdict_is_red(ministore, damaged, terminal):
    ministore.run("verify", damaged, stdout=terminal.slave)
    assert b"\x1b[1;31mat fault\x1b[0m" in terminal.take()


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_refused(ministore, numbers, terminal, env):
    ministore.run("verify", numbers, stdout=terminal.slave, env=env)
    shown = terminal.take()
    assert shown.endswith(b"\r\ngood\r\n") and b"\x1b" not in shown


def test_an_empty_no_color_refuses_nothing(ministore, numbers, terminal):
    ministore.run("verify", numbers, stdout=terminal.slave, env={"NO_COLOR": ""})
    assert b"\x1b[1;32m" in terminal.take()


def test_no_colours_in_a_pipe(ministore, numbers):
    assert b"\x1b" not in ministore.ok("verify", numbers)


def test_verify_draws_a_bar_and_erases_it(ministore, numbers, terminal):
    result = ministore.run("verify", numbers, stderr=terminal.slave)
    shown = terminal.take()
    assert result.code == 0
    assert shown.startswith(b"\rverify [") and shown.endswith(b"%\r\x1b[K")


def test_the_message_stands_behind_the_erased_bar(ministore, damaged, terminal):
    result = ministore.run("verify", damaged, stderr=terminal.slave)
    bar, message = terminal.take().split(b"\r\x1b[K")
    assert result.code == 1
    assert bar.startswith(b"\rverify [")
    assert message.startswith(b"ministore: " + damaged.encode() + b":3: ")


def test_a_dumb_terminal_gets_no_bar(ministore, numbers, terminal):
    ministore.run("verify", numbers, stderr=terminal.slave, env={"TERM": "dumb"})
    assert terminal.take() == b""


def answer(ministore, terminal, path, text):
    """Run repair on the terminal, answer its question; its exit code and what was shown."""
    process = ministore.start("repair", path, stdin=terminal.slave, stdout=terminal.slave, stderr=terminal.slave)
    terminal.wait_for(b"Cut it? [y/N] ")
    terminal.type(text)
    code = process.wait()
    return code, terminal.take()


@pytest.mark.parametrize("text", [b"y\n", b"yes\n", b"Y\n"])
def test_repair_goes_on_after_a_yes(ministore, damaged, terminal, text):
    code, shown = answer(ministore, terminal, damaged, text)
    assert code == 0
    assert b"would cut 8 bytes" in shown
    assert read(damaged) == HEADER + b"1\n"


@pytest.mark.parametrize("text", [b"n\n", b"\n", b"what\n", b"\x04", b"yes, but only the last line\n"])
def test_repair_changes_nothing_after_anything_else(ministore, damaged, terminal, text):
    code, shown = answer(ministore, terminal, damaged, text)
    assert code == 1
    assert b"left as it is" in shown
    assert read(damaged) == HEADER + b"1\n{oops\n3\n"


def test_repair_does_not_ask_when_nothing_is_to_be_done(ministore, numbers, terminal):
    process = ministore.start("repair", numbers, stdin=terminal.slave, stdout=terminal.slave, stderr=terminal.slave)
    assert process.wait() == 0
    assert terminal.take() == b"the active segment is good\r\n"
