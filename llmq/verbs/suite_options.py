"""What a suite is on the command line: `--columns`, for verbs that measure on one."""

import argparse

from llmq.suites.columns import EXAMPLE, NO_COLUMNS, Columns
from llmq.verbs.arguments import read_by


def add_columns(parser: argparse.ArgumentParser) -> None:
    """The option that says what the keys of somebody's records mean."""
    parser.add_argument(
        "--columns",
        type=read_by(Columns.parse),
        default=NO_COLUMNS,
        metavar="OURS=THEIRS,...",
        help=f"what the keys or columns of the suite's records mean, such as {EXAMPLE}",
    )
