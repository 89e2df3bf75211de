"""Why something could not be started.

DeployError               the text says what to do; the command line prints it alone
├── ServerMissingError    no valkey-server or redis-server for this machine
├── PortTakenError        somebody else listens there
├── AlreadyRunningError   this checkout's stack is up already
├── UnknownDeviceError    a GPU or core was asked for that is not here
├── UsageError            an option or variable is missing or wrong
├── ProcessError          a child could not start, did not become ready, or keeps dying
└── InterruptedStartError the user did not want to wait until all was up
"""


class DeployError(Exception):
    """The root; `exit_code` is what the command line ends with."""

    exit_code = 1


class ServerMissingError(DeployError):
    exit_code = 3


class PortTakenError(DeployError):
    exit_code = 4


class AlreadyRunningError(DeployError):
    exit_code = 5


class UnknownDeviceError(DeployError):
    exit_code = 2


class UsageError(DeployError):
    exit_code = 2


class ProcessError(DeployError):
    exit_code = 6


class InterruptedStartError(DeployError):
    exit_code = 130
