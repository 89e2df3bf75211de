"""All that is wrong with a request at once: what the pre-flight check says of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.errors import BusyError, ManyFaultsError, RejectedError


class Faults:
    """Takes note of faults, and raises them together."""

    def __init__(self) -> None:
        self._found: list[RejectedError] = []

    def add(self, fault: RejectedError) -> None:
        """One more."""
        self._found.append(fault)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What the block refuses is a fault, and no reason to end."""
        try:
            yield
        except RejectedError as error:
            self.add(error)

    def settle(self) -> None:
        """Return where nothing is wrong. A busy house is said only of a request without faults.

        Raises:
            RejectedError: the fault, or all of them as ManyFaultsError.
        """
        wrong = [fault for fault in self._found if not isinstance(fault, BusyError)]
        found = wrong or self._found
        if len(found) > 1:
            raise ManyFaultsError(found)
        if found:
            raise found[0]
