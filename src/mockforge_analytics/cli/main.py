"""Running a command line: its errors become one line on standard error, and an exit code."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli.screen import PROGRAM, fault
from mockforge_analytics.errors import AnalyticsError, QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["EXIT_CODES", "run"]

_SIGNALLED: Final = 128  # plus the number of the signal, as shells have it
_IO: Final = 10
_INTERNAL: Final = 70  # EX_SOFTWARE of sysexits.h

EXIT_CODES: Final = {
    0: "Done.",
    1: "`doctor` found something wrong.",
    2: "The command line or a setting is wrong.",
    3: "An input cannot be read, or its format is not known.",
    4: "A report cannot be answered as asked, or took longer than its deadline.",
    5: "The database cannot be opened or written.",
    6: "The database is locked by another process.",
    7: "There is no space left for the database.",
    8: "The database is damaged, or the file is not a database.",
    9: "The database belongs to a newer version or to another program.",
    _IO: "A result cannot be written, or another file cannot be read.",
    _INTERNAL: "A fault of the program: please report it.",
    _SIGNALLED + signal.SIGINT: "Interrupted (Ctrl-C); what was imported until then is kept.",
    _SIGNALLED + signal.SIGPIPE: "The reader of the output went away.",
    _SIGNALLED + signal.SIGTERM: "Terminated; what was imported until then is kept.",
}

_TRACEBACK: Final = "--traceback"


def run(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` and return its exit code, one of `EXIT_CODES`.

    With ``--traceback`` as the first argument an unexpected error shows where it came from.
    """
    given = list(arguments)
    if sys.stdout is None:  # closed by the caller (`>&-`)
        return _complain("standard output is closed: give it a file, or /dev/null", _IO)
    if traced := given[:1] == [_TRACEBACK]:
        del given[0]
    try:
        return _finish(_invoke(given))
    except BrokenPipeError:
        return _pipe_broken()
    except SystemExit as end:
        # typer ends the process itself where a pipe breaks, and after printing what completes a word.
        return _pipe_broken() if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except KeyboardInterrupt:
        return _SIGNALLED + signal.SIGINT
    except AnalyticsError as error:
        return _complain(_in_options(error), error.exit_code)
    except OSError as error:
        return _complain(_io_sentence(error), _IO)
    except BaseException as error:  # a person gets a sentence, not a traceback; panics of Polars are no Exceptions
        if traced:
            raise
        return _complain(_unexpected(error), _INTERNAL)


def _invoke(arguments: list[str]) -> int:
    import typer

    from mockforge_analytics.cli.app import app

    try:
        code = app(arguments, prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = PROGRAM if context is None else context.command_path
        sentence = " ".join(error.format_message().split()).rstrip(".")
        return _complain(f"{sentence}; see `{command} --help`", error.exit_code)
    return code if isinstance(code, int) else 0


def _finish(code: int) -> int:
    """Write out what is buffered, while errors can still be told."""
    sys.stdout.flush()
    return code


def _pipe_broken() -> int:
    """Leave quietly: the interpreter would complain about the buffers it cannot write out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _SIGNALLED + signal.SIGPIPE


def _complain(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError):  # nobody is left to tell; the exit code still does
        fault(sentence)
    return code


def _in_options(error: AnalyticsError) -> str:
    """Return the message of `error` with the names of options in place of those of parameters."""
    message = str(error)
    if not isinstance(error, QueryError) or error.field is None:
        return message
    from mockforge_analytics.cli.question import OPTION_NAMES

    option = OPTION_NAMES.get(error.field, error.field)
    rest = message.removeprefix(error.field)
    message = f"{option}{rest}" if rest != message else f"{option}: {message}"
    return _PARAMETER.sub(lambda match: OPTION_NAMES.get(match[0], match[0]), message)


# Only names that are no words of a sentence: "protocol" may be one.
_PARAMETER: Final = re.compile(r"\b[a-z]+_[a-z_]+\b")


def _io_sentence(error: OSError) -> str:
    if error.filename is None:
        return f"standard output cannot be written: {error.strerror or error}"
    return f"{error.filename} cannot be used: {error.strerror or error}"


def _unexpected(error: BaseException) -> str:
    where = _place(error.__traceback__)
    return (
        f"unexpected {type(error).__name__}{where}: {error}; this is a fault of the program, please report it with "
        f"what `{PROGRAM} {_TRACEBACK} …` prints for the same command"
    )


def _place(trace: TracebackType | None) -> str:
    """Return the innermost line of this package that `trace` passed."""
    place = ""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if "mockforge_analytics" in path:
            place = f" at {path.rpartition('mockforge_analytics')[2].lstrip('/')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
