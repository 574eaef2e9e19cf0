"""What is read once in a request and once an epoch, and what is read anew because something changed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from governance import ledger
from governance.actions.memberships import NewMembership, grant_memberships
from governance.models import Membership, PermissionState, Remit, RequestWaiting, SpecialGrant
from governance.permissions import beyond, policy, standing
from governance.permissions.beyond import NOTHING
from governance.rights import Right
from governance.vocabulary import OrganisationRole, Reach, Role
from tests.knowledge.cast import drafted, published, remit, submitted, unit

pytestmark = pytest.mark.django_db


def bump():
    """Another epoch, as a change elsewhere would leave it."""
    PermissionState.objects.update(epoch=PermissionState.objects.get().epoch + 1)


class TestTheEpoch:
    def test_is_read_each_time_outside_a_request_and_once_inside(self, cast, django_assert_num_queries):
        with django_assert_num_queries(2):
            assert standing.current_epoch() == standing.current_epoch()
        with policy.one_request():
            with django_assert_num_queries(1):
                before = standing.current_epoch()
                assert standing.current_epoch() == before
            bump()
            assert standing.current_epoch() == before
            policy.forget()
            assert standing.current_epoch() == before + 1
        bump()
        assert standing.current_epoch() == before + 2

    def test_is_nought_and_nothing_is_public_before_the_first_compilation(self):
        PermissionState.objects.all().delete()
        assert standing.current_epoch() == 0
        assert standing.public_reading() is False
        with policy.one_request():
            assert standing.current_epoch(1) == 0
            assert standing.public_reading() is False

    def test_that_was_read_under_a_lock_is_taken_over_inside_a_request_alone(self, cast):
        real = standing.current_epoch()
        standing.saw_epoch(7)
        assert standing.current_epoch() == real
        with policy.one_request():
            standing.saw_epoch(7)
            assert standing.current_epoch() == 7
        assert standing.current_epoch() == real

    def test_brings_with_it_what_else_a_request_asks_of_the_reader(self, cast, django_assert_num_queries):
        with policy.one_request(), django_assert_num_queries(1):
            standing.current_epoch(cast.unit_reader.pk)
            assert standing.beyond_of(cast.unit_reader) == NOTHING
            assert standing.public_reading() is False

    def test_one_request_is_not_another(self, cast):
        with policy.one_request():
            before = standing.current_epoch()
            bump()
            with policy.one_request():
                assert standing.current_epoch() == before + 1
            assert standing.current_epoch() == before


class TestPublicReading:
    def test_is_read_once_in_a_request_and_again_after_a_change(self, cast, django_assert_num_queries):
        with policy.one_request():
            with django_assert_num_queries(1):
                assert standing.public_reading() is False
                assert standing.public_reading() is False
                standing.current_epoch()
            PermissionState.objects.update(public_reading=True)
            assert standing.public_reading() is False
            policy.forget()
            assert standing.public_reading() is True
        assert standing.public_reading() is True

    def test_leaves_an_epoch_alone_that_the_request_already_knows(self, cast):
        with policy.one_request():
            standing.saw_epoch(7)
            assert standing.public_reading() is False
            assert standing.current_epoch() == 7


class TestWhoStandsSomewhere:
    def test_nobody_signed_in_and_nobody_inactive(self, cast):
        assert standing.standing_of(AnonymousUser()) is None
        assert standing.organisation_roles(AnonymousUser()) == frozenset()
        cast.admin.is_active = False
        assert standing.standing_of(cast.admin) is None
        assert standing.organisation_roles(cast.admin) == frozenset()

    def test_a_standing_is_kept_for_its_epoch_and_no_longer(self, cast):
        first = standing.standing_of(cast.unit_reader)
        assert standing.standing_of(cast.unit_reader) is first
        assert standing.standing_of(cast.unit_author) is not first
        assert (first.user_id, first.epoch) == (cast.unit_reader.pk, standing.current_epoch())
        bump()
        later = standing.standing_of(cast.unit_reader)
        assert later is not first
        assert later.epoch == first.epoch + 1
        policy.forget()
        assert standing.standing_of(cast.unit_reader) is not later

    def test_no_more_are_kept_than_there_is_room_for_and_the_oldest_goes_first(self, cast, monkeypatch):
        monkeypatch.setattr(standing, "_KEPT", 2)
        policy.forget()
        first, second = standing.standing_of(cast.unit_reader), standing.standing_of(cast.unit_author)
        assert standing.standing_of(cast.unit_reader) is first  # now the younger of the two
        standing.standing_of(cast.unit_lead)
        assert len(standing._cache) == 2
        assert standing.standing_of(cast.unit_reader) is first
        assert standing.standing_of(cast.unit_author) is not second

    def test_the_auditor_is_known_as_one(self, cast):
        assert standing.standing_of(cast.auditor).is_auditor
        assert not standing.standing_of(cast.admin).is_auditor


class TestReach:
    def test_says_where_a_right_is_held_and_whether_that_is_everywhere(self, cast):
        everywhere = standing.standing_of(cast.auditor).reach(Right.READ)
        assert everywhere.remits == set(Remit.objects.values_list("pk", flat=True))
        assert everywhere.is_everywhere
        assert not everywhere.is_nowhere
        somewhere = standing.standing_of(cast.unit_author).reach(Right.DRAFT)
        assert remit("FIN").pk in somewhere.remits
        assert remit("HR").pk not in somewhere.remits
        assert not somewhere.is_everywhere
        assert not somewhere.is_nowhere
        assert somewhere.permission is not None

    def test_of_a_right_that_is_held_nowhere(self, cast):
        for actor, right in ((cast.outsider, Right.READ), (cast.unit_reader, Right.PUBLISH)):
            nowhere = standing.standing_of(actor).reach(right)
            assert nowhere == standing.Reach(frozenset(), False, None)
            assert nowhere.is_nowhere

    def test_of_many_remits_keeps_none_of_them(self, cast, monkeypatch):
        narrow = standing.standing_of(cast.unit_author)
        here = narrow.remits(Right.DRAFT)
        monkeypatch.setattr(standing, "NARROW", len(here))
        assert standing.Standing(cast.unit_author.pk, 1).reach(Right.DRAFT).remits == here
        monkeypatch.setattr(standing, "NARROW", len(here) - 1)
        wide = standing.Standing(cast.unit_author.pk, 1)
        assert wide.reach(Right.DRAFT).remits is None
        assert not wide.reach(Right.DRAFT).is_everywhere
        assert not wide.reach(Right.DRAFT).is_nowhere
        assert wide.reach(Right.DRAFT).permission == narrow.reach(Right.DRAFT).permission
        assert wide.remits(Right.DRAFT) == here
        monkeypatch.setattr(standing, "NARROW", 2)
        assert standing.Standing(cast.auditor.pk, 1).reach(Right.READ) == standing.Reach(
            None, True, narrow.reach(Right.READ).permission
        )

    def test_is_read_once_and_the_rights_of_a_remit_too(self, cast, django_assert_num_queries):
        held = standing.standing_of(cast.unit_author)
        held.reach(Right.DRAFT), held.rights_in(remit("FIN").pk)
        finance = remit("FIN").pk
        with django_assert_num_queries(0):
            held.reach(Right.DRAFT), held.rights_in(finance)
        assert held.rights_in(remit("HR").pk) != held.rights_in(finance)

    def test_whoever_is_in_no_party_is_asked_about_nothing(self, cast, django_assert_num_queries):
        nobody = standing.Standing(cast.outsider.pk, 1)
        with django_assert_num_queries(0):
            assert nobody.reach(Right.READ).is_nowhere


class TestPosts:
    def test_are_told_apart_by_reach_and_by_direct_membership(self, cast):
        grant_memberships(
            actor=cast.admin,
            memberships=[
                NewMembership(user=cast.outsider, unit=unit("FIN"), role=Role.AUTHOR, reach=Reach.SUBTREE),
            ],
        )
        held = standing.standing_of(cast.outsider)
        reached, _ = held.posts(Role.AUTHOR)
        assert reached == {unit("FIN").pk, unit("PAY").pk}
        assert held.posts(Role.LEAD) == (frozenset(), frozenset())
        of_centre = standing.standing_of(cast.centre_author)
        assert of_centre.posts(Role.AUTHOR)[1] == {unit("COE").pk}
        assert of_centre.posts(Role.LEAD) == (frozenset(), frozenset())


class TestRolesOfTheOrganisation:
    def test_are_read_once_in_a_request(self, cast, django_assert_num_queries):
        with policy.one_request():
            with django_assert_num_queries(1):
                assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}
                assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}
            with django_assert_num_queries(1):
                assert standing.organisation_roles(cast.auditor) == {OrganisationRole.AUDITOR}
                assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}
        with django_assert_num_queries(2):
            standing.organisation_roles(cast.admin), standing.organisation_roles(cast.admin)

    def test_at_another_time_are_those_of_that_time_and_are_not_kept(self, cast):
        before = timezone.now() - timedelta(days=400)
        with policy.one_request():
            assert standing.organisation_roles(cast.admin, at=before) == frozenset()
            assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}
            assert standing.organisation_roles(cast.admin, at=before) == frozenset()

    def test_are_forgotten_with_the_rest(self, cast, django_assert_num_queries):
        with policy.one_request():
            standing.organisation_roles(cast.admin)
            policy.forget()
            with django_assert_num_queries(1):
                standing.organisation_roles(cast.admin)


class TestMemberships:
    def test_are_those_in_force_by_the_units_name_and_read_once(self, cast, django_assert_num_queries):
        grant_memberships(
            actor=cast.admin,
            memberships=[
                NewMembership(user=cast.unit_reader, unit=unit("HR"), role=Role.READER),
                NewMembership(user=cast.unit_reader, unit=unit("COE"), role=Role.READER),
            ],
        )
        with policy.one_request(), django_assert_num_queries(1):
            names = [row.unit.name for row in standing.memberships_now(cast.unit_reader)]
            assert names == ["Centre of excellence", "Finance", "People"]
            assert standing.memberships_now(cast.unit_reader) == standing.memberships_now(cast.unit_reader)
        with django_assert_num_queries(2):
            standing.memberships_now(cast.unit_reader), standing.memberships_now(cast.unit_reader)
        Membership.objects.filter(user=cast.unit_reader, unit__code="HR").update(
            valid_from=timezone.now() - timedelta(days=2), valid_to=timezone.now() - timedelta(days=1)
        )
        assert [row.unit.code for row in standing.memberships_now(cast.unit_reader)] == ["COE", "FIN"]

    def test_bring_the_roles_with_them(self, cast, django_assert_num_queries):
        grant_memberships(
            actor=cast.admin, memberships=[NewMembership(user=cast.admin, unit=unit("HR"), role=Role.READER)]
        )
        with policy.one_request(), django_assert_num_queries(1):
            standing.memberships_now(cast.admin)
            assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}
        with policy.one_request(), django_assert_num_queries(2):
            standing.memberships_now(cast.outsider)  # none, so there was no row to carry the roles
            assert standing.organisation_roles(cast.outsider) == frozenset()
        with policy.one_request():
            standing.memberships_now(cast.unit_reader)
            assert standing.organisation_roles(cast.unit_reader) == frozenset()
            standing.memberships_now(cast.admin)
            with django_assert_num_queries(0):
                assert standing.organisation_roles(cast.unit_reader) == frozenset()
                assert standing.organisation_roles(cast.admin) == {OrganisationRole.ADMINISTRATOR}

    def test_of_one_who_is_not_active_bring_no_roles(self, cast):
        with policy.one_request():
            standing.memberships_now(cast.unit_reader)
            cast.unit_lead.is_active = False
            standing.memberships_now(cast.unit_lead)
            cast.unit_lead.is_active = True
            assert standing._scope.get().roles.keys() == {cast.unit_reader.pk}

    def test_outside_a_request_nothing_is_kept(self, cast):
        standing.saw_memberships(cast.admin, [])
        assert standing._scope.get() is None

    def test_are_forgotten_with_the_rest(self, cast, django_assert_num_queries):
        with policy.one_request():
            standing.memberships_now(cast.unit_reader)
            policy.forget()
            with django_assert_num_queries(1):
                standing.memberships_now(cast.unit_reader)


class TestBeyondTheModel:
    def grant(self, cast, document, right="read"):
        return SpecialGrant.objects.create(
            user=cast.outsider, right=right, subject_id=document.public_id, reason="Asked.", valid_from=timezone.now()
        )

    def test_is_nothing_for_whoever_is_not_signed_in(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert standing.beyond_of(AnonymousUser()) == NOTHING

    def test_is_read_once_in_a_request_until_a_change_begins(self, cast, django_assert_num_queries):
        document = published(cast)
        with policy.one_request():
            with django_assert_num_queries(1):
                assert standing.beyond_of(cast.outsider) == standing.beyond_of(cast.outsider) == NOTHING
            self.grant(cast, document)
            assert standing.beyond_of(cast.outsider) == NOTHING
            with ledger.change(actor=ledger.SYSTEM) as change:
                assert standing.beyond_of(cast.outsider).read == {document.public_id}, "read anew while one is open"
                change.nothing_happened()
            assert standing.beyond_of(cast.outsider).read == {document.public_id}
        with django_assert_num_queries(2):
            standing.beyond_of(cast.outsider), standing.beyond_of(cast.outsider)

    def test_the_epoch_read_while_a_change_is_open_keeps_nothing_of_it(self, cast):
        document = published(cast)
        with policy.one_request():
            with ledger.change(actor=ledger.SYSTEM) as change:
                standing.current_epoch(cast.outsider.pk)
                change.nothing_happened()
            self.grant(cast, document)
            assert standing.beyond_of(cast.outsider).read == {document.public_id}

    def test_tells_grants_and_what_waits_apart(self, cast):
        granted, opened = published(cast), published(cast, "Another")
        self.grant(cast, granted)
        self.grant(cast, opened, "read_draft")
        document = drafted(cast.centre_author, cast.centre_remit, "Third")
        request = submitted(cast.centre_author, document)
        document.refresh_from_db()
        RequestWaiting.objects.create(request=request, user=cast.outsider, stage=request.stage, since=request.opened_at)
        found = beyond.read(cast.outsider.pk)
        assert found.read == {granted.public_id}
        assert found.draft == {opened.public_id}
        assert found.waiting == {document.public_id}
        assert found.versions == {document.draft.public_id}
        assert found.bundles == frozenset()
        assert found.granted(Right.READ) == {granted.public_id, opened.public_id}
        assert found.granted(Right.READ_DRAFT) == {opened.public_id}
        assert beyond.read(cast.unit_reader.pk) == NOTHING
        assert beyond.read(0) == NOTHING
