"""What one guarded child may take, and the words by which it and its pool understand each other."""

from dataclasses import dataclass

READY, REPLY, DONE = b"!", b"+", b"."
"""First byte of a line from a child: it waits for work, a part of its answer, the end of one."""
LOST = b"memory"
"""Behind ``DONE``: the job took more memory than the child may have."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a child.

    Attributes:
        memory_bytes: What it may take beyond what its libraries reserved when it started.
        cpu_s: Processor time of one job.
        wall_s: Time of one job from its begin to the end of its answer.
        written_bytes: Size of any file that it writes.
        line_bytes: One line of an answer.
        answer_bytes: All lines of an answer.
    """

    memory_bytes: int
    cpu_s: int = 60
    wall_s: float = 90.0
    written_bytes: int = 1 << 30
    line_bytes: int = 1 << 16
    answer_bytes: int = 1 << 16

    def arguments(self) -> tuple[str, ...]:
        """Return what the child is told on its command line."""
        return (str(self.memory_bytes), str(self.cpu_s), str(self.written_bytes))
