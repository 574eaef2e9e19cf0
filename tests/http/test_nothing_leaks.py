"""Every surface, as everybody: never a fault, and nothing hidden in any answer, count, difference, notice or output.

An ordinary run asks every address as every role in the plain way, and in all ways as three of them; ``make prove`` asks
in all ways as everybody.
"""

import pytest

from tests.http import beyond, counting
from tests.http.answers import told
from tests.http.surfaces import SURFACES
from tests.http.sweep import WAYS, Sweep
from tests.http.world import ROLES, Told, World
from tests.proving.recording import count, record

pytestmark = pytest.mark.django_db
NOT_SHOWN = ("zqhermitmail", "Zqwishreason", "zqimportpath", "zqlentreason")
"""Words that no page shows to an auditor yet; they must not begin to show to anybody else."""
EVERY_WAY = count("LEAK_WAYS", 0)
"""1 asks every role in every way."""
OTHER_WAYS = ("other", "admin", "")
"""Whom an ordinary run asks in every way: somebody of another unit, an administrator, and nobody at all."""


def test_the_secrets_stand_where_they_should(world: World):
    """The sweep would find them: an auditor, who may see almost all, is told every word and number of them."""
    browser = world.browser("auditor")
    paths = ["/library/?q=zq", "/requests/?list=all", "/people/", "/units/ZQSHUT/", "/model/plans/"]
    for document in world.documents.values():
        paths += [f"{document.get_absolute_url()}{part}" for part in ("", "about/", "history/", "v/draft/", "v/r1/")]
    paths += [each.get_absolute_url() for each in (*world.requests.values(), *world.batches.values())]
    paths += [f"/model/plans/{world.others['plan'].number}/", f"/people/{world.others['hermit'].public_id}/"]
    paths += [
        address.url for surface in SURFACES if surface.name == "document-file" for address in surface.addresses(world)
    ]
    answers = Told(" ".join(told(browser.get(path)) for path in paths))
    missing = [
        f"{secret.name}: {word}"
        for secret in world.secrets
        for word in set(secret.words) - set(secret.found_in(answers))
        if "auditor" in secret.seen_by and word not in NOT_SHOWN
    ]
    assert missing == []


@pytest.mark.parametrize("role", [*ROLES, ""], ids=lambda role: role or "nobody")
def test_nobody_is_told_what_is_hidden_from_them(world: World, role: str):
    sweep = Sweep(world, ways=tuple(WAYS) if EVERY_WAY or role in OTHER_WAYS else ("GET",))
    wrong = list(sweep.addresses(role))
    record("no-leak", surfaces=len(SURFACES) if role == "" else 0, roles=1, asked=sweep.asked[role], leaks=len(wrong))
    assert not wrong, "\n".join(wrong[:60])


@pytest.mark.parametrize("role", ROLES)
def test_every_number_is_of_what_the_person_may_see(world: World, role: str):
    wrong = list(counting.wrong_counts(world, role))
    record("no-leak", leaks=len(wrong))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_no_notice_and_no_mail_tells_of_what_is_hidden(world: World, role: str):
    wrong = list(beyond.wrong_notices(world, role))
    record("no-leak", leaks=len(wrong))
    assert not wrong, "\n".join(wrong)


def test_no_command_prints_words_of_the_organisation(world: World):
    wrong = list(beyond.wrong_output(world))
    record("no-leak", leaks=len(wrong))
    assert not wrong, "\n".join(wrong)
