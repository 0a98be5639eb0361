"""Errors that users see. The command line prints them as one line and exits with status 2."""


class FerripError(ValueError):
    """Base class: the input or a setting is wrong; the message says what, where and what to do."""


class DataError(FerripError):
    """A data file, frame or label is wrong (the message names file and frame)."""


class SettingsError(FerripError):
    """A setting is unknown or out of range (the message names it and the nearest valid name)."""


class ModelFileError(FerripError):
    """A `.ferrip` file is truncated, corrupt, or of a version that this library cannot read."""


class UnsupportedElementError(FerripError):
    """A structure holds an element that the potential was not fitted for."""


class TrustError(FerripError):
    """A simulation left the region in which the potential can be trusted, and was stopped."""
