"""accelerate's launcher: `python -m vauto_worker.launcher REPORT-FILE …`, followed by what `accelerate launch` takes.

Its exit status is accelerate's. How each process ended that did not end well is written to the report, as
[{rank, exit_code}], negative for a signal.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main() -> None:
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    from .train_rank import write_whole

    os.environ["VAUTO_LAUNCHER"] = str(os.getpid())
    report = Path(sys.argv[1])
    arguments = launch_command_parser().parse_args(sys.argv[2:])
    try:
        launch_command(arguments)
    except ChildFailedError as error:
        ended = [{"rank": rank, "exit_code": failure.exitcode} for rank, failure in error.failures.items()]
        write_whole(report, ended)
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        # One process alone is started without torch's launcher.
        write_whole(report, [{"rank": 0, "exit_code": error.returncode}])
        sys.exit(1)


def die_with_parent(parent: int) -> None:
    """The training's processes watch this one, so that they end as well."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    die_with_parent(int(os.environ["VAUTO_LAUNCHED_BY"]))
    main()
