"""Events are declared once, and everything else is a mistake that shows at once."""

import pytest

from governance import events as governance_events
from governance import ledger
from governance.ledger import events


def test_an_undeclared_event_raises_at_once() -> None:
    with pytest.raises(ledger.UnknownEvent, match=r"parcel\.eaten"):
        events.get("parcel.eaten")


def test_the_same_declaration_twice_is_one_and_a_different_one_is_refused() -> None:
    assert events.declare("parcel.sent", "Parcel sent", sentence="{actor} sent {subject}").name == "parcel.sent"
    with pytest.raises(ValueError, match="declared twice"):
        events.declare("parcel.sent", "Parcel posted", sentence="{actor} sent {subject}")


@pytest.mark.parametrize("name", ["sent", "Parcel.sent", "parcel.", "parcel sent", ""])
def test_a_misspelt_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"noun\.past"):
        events.declare(name, "Sent", sentence="{actor}")


def test_a_sentence_uses_only_what_the_reader_fills() -> None:
    with pytest.raises(ValueError, match="password"):
        events.declare("parcel.opened", "Opened", sentence="{actor} opened {password}")


def test_a_prefix_covers_its_events_and_no_others() -> None:
    assert {"parcel.sent", "parcel.lost"} <= {event.name for event in events.matching("parcel.")}
    assert events.covers("parcel.*", "parcel.sent")
    assert events.covers("*", "parcel.sent")
    assert not events.covers("parcel", "parcel.sent")
    assert not events.covers("parcel.sen", "parcel.sent")


def test_a_subscription_to_nothing_that_exists_is_refused() -> None:
    with pytest.raises(ledger.UnknownEvent):
        ledger.subscribe("parcel.eaten", name="tests.nobody", handler=lambda _: None)
    with pytest.raises(ledger.UnknownEvent):
        ledger.subscribe("sandwich.", name="tests.nobody", handler=lambda _: None)


def test_governance_declares_an_event_for_each_of_its_constants() -> None:
    named = {value for key, value in vars(governance_events).items() if key.isupper()}
    assert len(named) > 40
    for name in named:
        assert events.get(name).sentence
