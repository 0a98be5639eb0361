"""Errors of reading potential files of other programs, as one line that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ferrip.errors import FerripError, ModelFileError


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Read and interpret the file `name` inside this context.

    Raises
    ------
    ModelFileError
        For a file that cannot be read, that is no text where text is expected, or whose content is refused.
    """
    try:
        yield
    except OSError as error:
        raise ModelFileError(f"{name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ModelFileError(f"{name}: not a text file in UTF-8") from None
    except FerripError as error:
        raise ModelFileError(f"{name}: {error}") from None
