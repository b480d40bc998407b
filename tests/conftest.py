"""What holds for every test."""

from hypothesis import settings

# A law's examples are no benchmark: on a busy machine one may take long and still hold.
settings.register_profile("oresight", deadline=None)
settings.load_profile("oresight")
