"""Failures that cross the bridge with a meaning of their own."""

from __future__ import annotations

from typing import Literal

# What kind of failure it is; decides the exit status of the command (`recipe` 2, `dependency` 3, the others 1).
FaultKind = Literal["recipe", "data", "dependency", "check", "environment"]


class UserFault(Exception):
    """A failure that the user can mend; arrives in TypeScript as a UserError and is printed without a traceback.

    `code` is a stable kebab-case name, `message` says what is wrong, `fix` what to write or run instead.
    """

    def __init__(self, code: str, message: str, fix: str = "", kind: FaultKind = "environment") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.kind = kind


class Cancelled(Exception):
    """Leaves a cancelled call; nobody waits for its result."""


class NoAnswer(Exception):
    """A question to TypeScript that was not answered in time."""
