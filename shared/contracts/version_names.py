"""What versions are called in events: V1, V2, … of each project."""


def version_name(number: int) -> str:
    """Name of a project's n-th version.

    >>> version_name(2)
    'V2'
    """
    return f"V{number}"


def version_number(name: str) -> int | None:
    """The number in a version's name; None where it is no such name.

    >>> version_number("V12"), version_number("V"), version_number("latest")
    (12, None, None)
    """
    digits = name.removeprefix("V")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(digits) if name.startswith("V") and is_number else None
