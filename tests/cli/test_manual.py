"""The manual page tells of every command and option that the help tells of."""

import os
import re

from test_usage import COMMANDS

MANUAL = os.path.join(os.path.dirname(__file__), "../../docs/man/ministore.1")


def options(text):
    return set(re.findall(r"--([a-z][a-z-]+)", text))


def synopses():
    """The options in the synopsis of each command in the manual."""
    with open(MANUAL) as manual:
        synopsis = manual.read().split(".Sh SYNOPSIS")[1].split(".Sh ")[0]
    parts = re.split(r"^\.Cm (\w+)$", synopsis, flags=re.M)
    return {name: set(re.findall(r"Fl -([a-z-]+)", text)) for name, text in zip(parts[1::2], parts[2::2])}


def test_each_command_has_the_options_of_its_help(ministore):
    told = synopses()
    for command in COMMANDS:
        helped = options(ministore.ok("help", command).decode().split("\n\n")[1]) - {"help"}
        assert told[command] - {"version"} == helped, command


def test_the_manual_has_no_command_that_is_not_there():
    assert set(synopses()) == {*COMMANDS, "help"}
