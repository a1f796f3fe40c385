"""How far a command is, for logs and pipes: a plain line now and then in place of a bar."""

import sys
import time
from typing import Any

from rich.progress import Progress, TaskID

QUIET_SECONDS = 8.0  # a silence that is longer looks like an end


class Lines(Progress):
    """A bar that draws nothing and says its percentage on standard error instead.

    Short work says nothing at all.
    """

    _said = 0.0

    def add_task(self, *arguments: Any, **fields: Any) -> TaskID:
        """As rich's; the clock begins."""
        self._said = time.monotonic()
        return super().add_task(*arguments, **fields)

    def update(self, task_id: TaskID, *arguments: Any, **fields: Any) -> None:
        """As rich's, and a line if it is time for one."""
        super().update(task_id, *arguments, **fields)
        now = time.monotonic()
        if now - self._said < QUIET_SECONDS:
            return
        self._said = now
        task = self.tasks[task_id]
        print(f"{task.description}: {task.percentage:.0f} %", file=sys.stderr, flush=True)
