"""The inbox shows a person their own notices, and of each only what they may still see."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.notices import Message, tell
from accounts.models import Notification, User
from governance import ledger
from governance.actions.memberships import end_membership
from governance.models import Membership
from knowledge.actions.reviews import remind_due_reviews
from tests.accounts.conftest import forget_so_far
from tests.knowledge.cast import Cast, approved, drafted, published, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(client: Client) -> User:
    user = User.objects.create_user("rita@example.org", name="Rita Reader")
    client.force_login(user)
    return user


def notify(user: User, title: str = "Canary", **more) -> Notification:
    key = more.pop("key", title)
    tell([user], Message(event="membership.granted", key=key, title=title, body="Body", url="/me/", **more))
    return Notification.objects.get(user=user, key=key)


def page(client: Client, address: str = "/notifications/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_inbox_says_what_will_come(client: Client, rita: User):
    assert "Nothing has come yet" in page(client)
    assert "Nothing new" in page(client, "/notifications/?show=unread")


def test_people_not_signed_in_are_led_to_the_sign_in_page(client: Client):
    answer = client.get("/notifications/")
    assert answer["Location"] == "/signin/?next=/notifications/"


def test_a_notice_leads_to_its_subject_and_is_read_then(client: Client, rita: User):
    notice = notify(rita, "<i>Canary</i>")
    shown = page(client)
    assert "&lt;i&gt;Canary&lt;/i&gt;" in shown
    assert "1 new." in shown
    assert client.get(f"/notifications/{notice.public_id}/")["Location"] == "/me/"
    assert "You have read everything." in page(client)
    assert "Canary" not in page(client, "/notifications/?show=unread")


def test_one_or_all_are_marked_read_and_later_ones_stay_new(client: Client, rita: User):
    first, second, third = (notify(rita, f"Notice {number}") for number in range(3))
    answer = client.post(f"/notifications/{first.public_id}/read/", {"next": "/notifications/?show=unread"})
    assert answer["Location"] == "/notifications/?show=unread"
    looked = timezone.now()
    Notification.objects.filter(pk=third.pk).update(created_at=looked + timedelta(minutes=1))
    assert client.get("/notifications/read/").status_code == 405
    answer = client.post("/notifications/read/", {"until": looked.isoformat(), "next": "//evil.example"})
    assert answer["Location"] == "/notifications/"
    unread = set(Notification.objects.filter(read_at__isnull=True).values_list("pk", flat=True))
    assert unread == {third.pk}
    for nonsense in ("", "x", "9999-99-99T00:00:00Z"):
        assert client.post("/notifications/read/", {"until": nonsense}).status_code == 302
    assert second.read_at is None


def test_nobody_sees_reads_or_marks_the_notices_of_others(client: Client, rita: User):
    other = User.objects.create_user("olga@example.org", name="Olga Other")
    notice = notify(other)
    assert "Canary" not in page(client)
    address = f"/notifications/{notice.public_id}/"
    nowhere = uuid.uuid4()
    absent, theirs = client.get(f"/notifications/{nowhere}/"), client.get(address)
    assert theirs.status_code == absent.status_code == 404

    def words(answer, public_id):
        return re.sub(r'value="\w{64}"', "", answer.content.decode().replace(str(public_id), ""))

    assert words(theirs, notice.public_id) == words(absent, nowhere)
    client.post(f"{address}read/")
    client.post("/notifications/read/")
    notice.refresh_from_db()
    assert notice.read_at is None


@pytest.mark.parametrize("kind", ["document", "request", "transition", "confirmation", "undecidable", "unheard_of"])
def test_a_subject_that_may_not_be_seen_has_no_title_and_no_address(client: Client, rita: User, kind: str):
    notice = notify(rita, subject_kind=kind, subject_id=uuid.uuid4())
    shown = page(client)
    assert "Canary" not in shown
    assert "Body" not in shown
    assert "something that you may no longer see" in shown
    assert f'href="/notifications/{notice.public_id}' not in shown
    assert client.get(f"/notifications/{notice.public_id}/").status_code == 404
    client.post(f"/notifications/{notice.public_id}/read/")
    assert "You have read everything." in page(client)


def test_whoever_loses_a_document_loses_its_notices(cast: Cast, client: Client):
    document = published(cast, "Canary of keys")
    forget_so_far()
    remind_due_reviews(timezone.now() + timedelta(days=360))
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "Canary of drafts"))
    approved(request, cast.unit_lead)
    ledger.deliver_due()
    lead = cast.other_centre_lead
    client.force_login(lead)
    before = page(client)
    assert document.title in before
    assert "Canary of drafts" in before
    assert "Waits for you" in before
    addresses = [f"/notifications/{row.public_id}/" for row in Notification.objects.filter(user=lead)]
    assert [client.get(address).status_code for address in addresses] == [302, 302]
    end_membership(actor=cast.admin, membership=Membership.objects.get(user=lead))
    after = page(client)
    assert "Canary" not in after
    assert document.number not in after
    assert request.number not in after
    assert [client.get(address).status_code for address in addresses] == [404, 404]


def test_a_page_of_notices_costs_the_same_few_queries(cast: Cast, client: Client, django_assert_max_num_queries):
    document = published(cast)
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    for number in range(30):
        for kind, subject in (("request", request), ("document", document)):
            key = f"{kind} {number}"
            notify(cast.unit_lead, key, subject_kind=kind, subject_id=subject.public_id, needs_action=True)
    client.force_login(cast.unit_lead)
    page(client)
    with django_assert_max_num_queries(20):
        assert "of 60" in page(client)
