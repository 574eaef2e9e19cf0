"""What is changed."""

SEATS = 3
UNSEEN = 4


def may_enter(age: int, *, guest: bool) -> bool:
    """Whether somebody may; the tests know nobody of just that age."""
    if guest:
        return False
    return age >= 18


def counted(things: list[int]) -> int:
    """How many; without the step it never ends."""
    number = 0
    while number < len(things):
        number += 1
    return number


def unheard_of() -> int:
    """Nobody calls this."""
    return 7
