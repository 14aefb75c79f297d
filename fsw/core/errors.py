"""The one exception family of fsw's public Python surface."""


class FswError(Exception):
    """What the caller gave cannot be used. The text says what was given and what is allowed."""
