"""Settings that all tests share: hypothesis draws the same examples in every run and has no deadline."""

from hypothesis import settings

settings.register_profile("ferrip", derandomize=True, deadline=None)
settings.load_profile("ferrip")
