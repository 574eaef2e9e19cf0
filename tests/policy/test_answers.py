"""What the policy answers on one thing at a time: rights, powers, refusals, classification, owners, what waits."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from governance.actions.organisation_roles import grant_organisation_role
from governance.errors import Denied
from governance.ledger import SYSTEM
from governance.models import BusinessUnit, PermissionState, Remit, Request, RequestWaiting, SpecialGrant
from governance.permissions import policy
from governance.rights import Power, Right
from governance.vocabulary import OrganisationRole
from knowledge.models import Document, Revision
from tests.knowledge.cast import drafted, next_version, published, remit, submitted

pytestmark = pytest.mark.django_db

READING_AND_ASKING = {
    Right.READ,
    Right.REQUEST_CHANGE,
    Right.REQUEST_EXCEPTION,
    Right.ACKNOWLEDGE,
}
DRAFTING = {Right.READ_DRAFT, Right.DRAFT, Right.SUBMIT}
PUBLISHING = {Right.PUBLISH, Right.RETIRE, Right.IMPORT}


def names(users):
    return set(users.values_list("name", flat=True))


def seen(actor, right=Right.READ, model=Document):
    return set(policy.visible(actor, model.objects.all(), right).values_list("pk", flat=True))


def agree(right, thing):
    """Who may, by all three ways of asking, which must give one answer."""
    by_can = {person.name for person in User.objects.all() if policy.can(person, right, thing)}
    by_visible = {
        person.name
        for person in User.objects.all()
        if policy.visible(person, type(thing).objects.filter(pk=thing.pk), right).exists()
    }
    assert by_can == by_visible == names(policy.who_can(right, thing)), right
    return by_can


class TestRemits:
    def test_everybodys_rights_in_a_unit_are_those_of_joint_reporting(self, cast):
        finance = remit("FIN")
        assert policy.rights_on(cast.unit_reader, finance) == READING_AND_ASKING | {Right.READ_DRAFT}
        assert policy.rights_on(cast.unit_author, finance) == READING_AND_ASKING | DRAFTING
        decider = READING_AND_ASKING | DRAFTING | {Right.DECIDE, Right.CONFIRM_REVIEW}
        assert policy.rights_on(cast.unit_lead, finance) == decider
        assert policy.rights_on(cast.centre_lead, finance) == decider | PUBLISHING | {Right.GRANT_EXCEPTION}
        assert policy.rights_on(cast.auditor, finance) == {Right.READ, Right.READ_DRAFT}
        assert policy.rights_on(cast.admin, finance) == policy.rights_on(cast.outsider, finance) == frozenset()
        assert policy.rights_on(AnonymousUser(), finance) == frozenset()

    def test_the_three_ways_of_asking_agree_on_every_remit(self, cast):
        for right in Right:
            for each in Remit.objects.select_related("unit"):
                agree(right, each)

    def test_the_machine_may_everything_and_sees_everything(self, cast):
        assert policy.can(SYSTEM, Right.DECIDE, remit("FIN"))
        assert policy.can(SYSTEM, Power.MANAGE_UNITS)
        assert policy.visible(SYSTEM, Remit.objects.all()).count() == Remit.objects.count()

    def test_one_of_several_rights_is_enough_to_see(self, cast):
        remits = Remit.objects.all()
        drafts, publishes = Right.DRAFT, Right.PUBLISH
        either = policy.visible(cast.centre_author, remits, publishes, drafts)
        assert set(either) == set(policy.visible(cast.centre_author, remits, drafts)) != set()
        assert not policy.visible(cast.centre_author, remits, publishes).exists()
        assert set(policy.visible(cast.centre_lead, remits, drafts, publishes)) == set(
            policy.visible(cast.centre_lead, remits, drafts)
        ) | set(policy.visible(cast.centre_lead, remits, publishes))


class TestPowers:
    def test_a_power_is_its_roles_and_nobody_elses(self, cast):
        assert policy.can(cast.admin, Power.MANAGE_UNITS)
        assert policy.can(cast.auditor, Power.READ_LEDGER)
        assert not policy.can(cast.auditor, Power.MANAGE_UNITS)
        assert not policy.can(cast.centre_lead, Power.READ_LEDGER)
        assert not policy.can(AnonymousUser(), Power.READ_LEDGER)
        assert names(policy.who_can(Power.READ_LEDGER)) == {"Ada Admin", "Aud Auditor"}
        assert names(policy.who_can(Power.MANAGE_UNITS)) == {"Ada Admin"}

    def test_an_account_that_is_not_active_has_none_and_is_nobody_who_can(self, cast):
        User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
        cast.auditor.is_active = False
        assert not policy.can(cast.auditor, Power.READ_LEDGER)
        assert names(policy.who_can(Power.READ_LEDGER)) == {"Ada Admin"}
        assert "Aud Auditor" not in names(policy.who_can(Right.READ, remit("FIN")))

    def test_the_sentence_names_who_may(self, cast):
        refused = policy.can(cast.centre_lead, Power.MANAGE_UNITS)
        assert refused.sentence == "Only administrators may manage units. Ask an administrator of your organisation."
        allowed = policy.can(cast.admin, Power.MANAGE_UNITS)
        assert allowed.sentence == "Ada Admin may manage units."
        assert allowed.reasons == ("Administrators may manage units.",)


class TestWhatIsNoQuestion:
    def test_an_invented_right_raises_at_once(self, cast):
        for ask in (policy.can, policy.require):
            with pytest.raises(ValueError, match="no right called 'fly'"):
                ask(cast.admin, "fly", remit("FIN"))
        with pytest.raises(ValueError, match="no right called 'read'"):
            policy.visible(cast.admin, Remit.objects.all(), "read")
        with pytest.raises(ValueError, match="no right called 'fly'"):
            policy.who_can("fly", remit("FIN"))

    def test_a_power_filters_no_rows(self, cast):
        with pytest.raises(ValueError, match="manage_units is a power over the organisation"):
            policy.visible(cast.admin, Remit.objects.all(), Power.MANAGE_UNITS)
        with pytest.raises(ValueError, match="manage_units is a power over the organisation"):
            policy.visible(cast.admin, Remit.objects.all(), Right.READ, Power.MANAGE_UNITS)

    def test_a_right_is_held_on_something(self, cast):
        with pytest.raises(ValueError, match="read is held on something"):
            policy.can(cast.admin, Right.READ)

    def test_a_table_that_does_not_say_how_it_is_governed_is_shown_to_nobody(self, cast):
        with pytest.raises(TypeError, match="User has no `governed` declaration"):
            policy.can(cast.admin, Right.READ, cast.admin)
        with pytest.raises(TypeError, match="User has no `governed` declaration"):
            policy.visible(cast.admin, User.objects.all())


class TestRefusals:
    def test_require_returns_where_the_actor_may_and_else_tells_why(self, cast):
        assert policy.require(cast.unit_lead, Right.DECIDE, remit("FIN")) is None
        with pytest.raises(Denied) as refused:
            policy.require(cast.unit_reader, Right.DECIDE, remit("FIN"))
        decision = policy.can(cast.unit_reader, Right.DECIDE, remit("FIN"))
        assert str(refused.value) == decision.sentence
        assert refused.value.reasons == decision.reasons
        assert decision.sentence.startswith("No rule gives Fred Finance the right to decide in Finance")
        assert "Ask " in decision.sentence
        assert any("reader in Finance" in reason for reason in decision.reasons)

    def test_a_decision_is_explained_once_and_only_when_it_is_read(self, cast, django_assert_num_queries):
        decision = policy.can(cast.unit_reader, Right.DECIDE, remit("FIN"))
        first = decision.sentence
        with django_assert_num_queries(0):
            assert decision.sentence == first
            assert decision.reasons
        assert "explain" not in repr(decision)


class TestDocuments:
    def test_a_draft_is_its_writers_until_it_is_published(self, cast):
        document = drafted(cast.centre_author, cast.centre_remit)
        centre = {"Cora Centre", "Cleo Centre", "Carl Centre"}
        assert agree(Right.READ_DRAFT, document) == centre | {"Aud Auditor"}
        assert agree(Right.READ, document) == set()
        for right in (*READING_AND_ASKING, Right.CONFIRM_REVIEW, Right.GRANT_EXCEPTION):
            assert agree(right, document) == set(), right
        assert agree(Right.PUBLISH, document) == {"Cora Centre", "Cleo Centre"}
        assert agree(Right.DRAFT, document) == centre

    def test_what_is_published_is_read_by_whom_the_centre_governs_and_asked_about(self, cast):
        document = published(cast)
        readers = agree(Right.READ, document)
        assert readers == {
            *("Cora Centre", "Cleo Centre", "Carl Centre"),
            *("Finn Finance", "Fay Finance", "Fred Finance", "Hugo People", "Aud Auditor"),
        }
        assert agree(Right.REQUEST_CHANGE, document) == readers - {"Aud Auditor"}
        assert agree(Right.CONFIRM_REVIEW, document) == {"Cora Centre", "Cleo Centre", "Carl Centre"} & agree(
            Right.CONFIRM_REVIEW, document
        )
        assert "Cora Centre" in agree(Right.CONFIRM_REVIEW, document)

    def test_restricted_is_for_those_who_write_decide_or_publish_and_auditors(self, cast):
        document = published(cast)
        Document.objects.update(classification="restricted")
        document.refresh_from_db()
        let_through = {"Cora Centre", "Cleo Centre", "Carl Centre", "Aud Auditor"}
        assert agree(Right.READ, document) == let_through
        assert agree(Right.READ_DRAFT, document) == let_through
        assert agree(Right.REQUEST_CHANGE, document) == let_through - {"Aud Auditor"}
        assert agree(Right.DRAFT, document) == let_through - {"Aud Auditor"}
        for revision in Revision.objects.all():
            assert agree(Right.READ, revision) == let_through

    def test_public_is_read_without_signing_in_only_where_that_is_switched_on(self, cast):
        document, draft = published(cast), drafted(cast.centre_author, cast.centre_remit, "Not yet")
        Document.objects.update(classification="public")
        nobody = AnonymousUser()
        for thing in (document, draft):
            thing.refresh_from_db()
        assert not policy.can(nobody, Right.READ, document)
        assert seen(nobody) == set()
        PermissionState.objects.update(public_reading=True)
        assert policy.can(nobody, Right.READ, document)
        assert seen(nobody) == {document.pk}
        assert not policy.can(nobody, Right.READ, draft)
        assert not policy.can(nobody, Right.READ_DRAFT, document)
        assert not policy.can(nobody, Right.REQUEST_CHANGE, document)
        assert seen(nobody, Right.READ_DRAFT) == seen(nobody, Right.REQUEST_CHANGE) == set()
        assert seen(nobody, model=Remit) == set()
        assert not policy.can(nobody, Right.READ, document.remit)
        assert agree(Right.READ, document) == set(User.objects.values_list("name", flat=True))
        Document.objects.update(classification="internal")
        document.refresh_from_db()
        assert not policy.can(nobody, Right.READ, document)
        assert seen(nobody) == set()

    def test_the_column_of_a_list_says_what_the_filter_would_keep(self, cast):
        published(cast), drafted(cast.centre_author, cast.centre_remit, "Not yet")
        drafted(cast.unit_author, cast.unit_remit, "Elsewhere")
        for actor in (*User.objects.all(), AnonymousUser()):
            for right in (Right.READ, Right.READ_DRAFT, Right.DRAFT, Right.REQUEST_CHANGE):
                column = policy.holding(actor, Document, right)
                told = dict(Document.objects.annotate(held=column).values_list("pk", "held"))
                shown = seen(actor, right)
                assert told == {pk: pk in shown for pk in told}, (actor, right)
        told = Document.objects.annotate(held=policy.holding(SYSTEM, Document)).values_list("held", flat=True)
        assert list(told) == [True] * 3
        remits = Remit.objects.annotate(held=policy.holding(cast.auditor, Remit)).values_list("held", flat=True)
        assert set(remits) == {True}

    def test_a_library_of_published_and_drafts_shows_what_either_would(self, cast):
        document = published(cast)
        next_version(cast, document, "# Encryption\n\nAnother text.\n")
        drafted(cast.unit_author, cast.unit_remit, "Elsewhere")
        SpecialGrant.objects.create(
            user=cast.outsider,
            right="read_draft",
            subject_id=document.public_id,
            reason="Asked.",
            valid_from=timezone.now(),
        )
        restricted = published(cast, "Restricted")
        Document.objects.filter(pk=restricted.pk).update(classification="restricted")
        for model in (Document, Revision):
            for actor in (*User.objects.all(), AnonymousUser()):
                both = policy.visible(actor, model.objects.all(), Right.READ, Right.READ_DRAFT)
                either = seen(actor, Right.READ, model) | seen(actor, Right.READ_DRAFT, model)
                assert set(both.values_list("pk", flat=True)) == either, (model, actor)


class TestOwners:
    @pytest.fixture
    def document(self, cast):
        return published(cast)

    def named(self, document, **owner):
        Document.objects.filter(pk=document.pk).update(**owner)
        return Document.objects.select_related("remit__unit").get(pk=document.pk)

    def test_a_named_owner_confirms_reviews_where_they_may_read(self, cast, document):
        own = self.named(document, owner_person=cast.unit_reader)
        assert "Fred Finance" in agree(Right.CONFIRM_REVIEW, own)
        assert "Hugo People" not in agree(Right.CONFIRM_REVIEW, own)
        own = self.named(document, owner_person=None, owner_deputy=cast.other_reader)
        assert "Hugo People" in agree(Right.CONFIRM_REVIEW, own)
        assert "Fred Finance" not in agree(Right.CONFIRM_REVIEW, own)
        own = self.named(document, owner_person=cast.outsider)
        assert "Otto Outsider" not in agree(Right.CONFIRM_REVIEW, own)

    def test_else_whoever_has_the_role_or_a_higher_one_in_the_remit_does(self, cast, document):
        own = self.named(document, owner_person=None, owner_deputy=None, owner_role="author")
        assert agree(Right.CONFIRM_REVIEW, own) == {"Carl Centre", "Cora Centre", "Cleo Centre"}
        own = self.named(document, owner_role="lead")
        assert agree(Right.CONFIRM_REVIEW, own) == {"Cora Centre", "Cleo Centre"}
        own = self.named(document, owner_role="reader")
        assert agree(Right.CONFIRM_REVIEW, own) == {"Carl Centre", "Cora Centre", "Cleo Centre"}

    def test_in_a_unit_the_role_counts_with_its_reach_and_readers_of_it_own_by_it(self, cast, document):
        Document.objects.filter(pk=document.pk).update(remit=remit("FIN"))
        own = self.named(document, owner_person=None, owner_deputy=None, owner_role="author")
        assert agree(Right.CONFIRM_REVIEW, own) == {"Fay Finance", "Finn Finance", "Cora Centre", "Cleo Centre"}
        own = self.named(document, owner_role="reader")
        assert "Fred Finance" in agree(Right.CONFIRM_REVIEW, own)

    def test_nobody_owns_by_name_or_post_in_a_closed_unit_or_without_a_model(self, cast, document):
        Document.objects.filter(pk=document.pk).update(remit=remit("FIN"))
        own = self.named(document, owner_person=cast.unit_reader)
        assert "Fred Finance" in agree(Right.CONFIRM_REVIEW, own)
        BusinessUnit.objects.filter(code="FIN").update(closed_at=timezone.now())
        own = self.named(document)
        assert "Fred Finance" not in agree(Right.CONFIRM_REVIEW, own)
        BusinessUnit.objects.filter(code="FIN").update(closed_at=None)
        Remit.objects.filter(unit__code="FIN").update(model_version=None)
        own = self.named(document, owner_role="reader")
        assert "Fred Finance" not in agree(Right.CONFIRM_REVIEW, own)

    def test_nobody_owns_what_is_not_published(self, cast, document):
        own = self.named(document, owner_person=cast.centre_author, first_published_at=None)
        assert agree(Right.CONFIRM_REVIEW, own) == set()


class TestBeyondTheModel:
    def grant(self, cast, document, right, **more):
        more = {"valid_from": timezone.now(), **more}
        return SpecialGrant.objects.create(
            user=cast.outsider, right=right, subject_id=document.public_id, reason="Asked.", **more
        )

    def test_a_special_grant_opens_one_published_document_whatever_its_classification(self, cast):
        document, other = published(cast), published(cast, "Another")
        Document.objects.update(classification="restricted")
        self.grant(cast, document, "read")
        for thing in (document, other):
            thing.refresh_from_db()
        assert "Otto Outsider" in agree(Right.READ, document)
        assert "Otto Outsider" not in agree(Right.READ, other)
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, document)
        assert "Otto Outsider" not in agree(Right.REQUEST_CHANGE, document)
        assert seen(cast.outsider) == {document.pk}

    def test_a_grant_on_the_drafts_includes_the_document(self, cast):
        document = published(cast)
        self.grant(cast, document, "read_draft")
        assert "Otto Outsider" in agree(Right.READ, document)
        assert "Otto Outsider" in agree(Right.READ_DRAFT, document)

    def test_a_grant_to_read_opens_no_draft(self, cast):
        document = drafted(cast.centre_author, cast.centre_remit)
        self.grant(cast, document, "read")
        assert "Otto Outsider" not in agree(Right.READ, document)
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, document)

    def test_a_grant_that_has_ended_opens_nothing(self, cast):
        document = published(cast)
        grant = self.grant(cast, document, "read_draft")
        grant.valid_to = timezone.now()
        grant.save()
        assert "Otto Outsider" not in agree(Right.READ, document)
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, document)

    def waits(self, cast, request):
        RequestWaiting.objects.create(request=request, user=cast.outsider, stage=request.stage, since=request.opened_at)
        policy.forget()

    def test_whom_a_request_waits_for_reads_the_document_and_that_very_revision(self, cast):
        document = published(cast)
        first = Revision.objects.get(document=document)
        request = next_version(cast, document, "# Encryption\n\nAnother text.\n")
        document.refresh_from_db()
        self.waits(cast, request)
        assert "Otto Outsider" in agree(Right.READ, document)
        assert "Otto Outsider" in agree(Right.READ_DRAFT, document)
        assert "Otto Outsider" in agree(Right.READ, document.draft)
        assert "Otto Outsider" in agree(Right.READ_DRAFT, document.draft)
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, first)
        assert "Otto Outsider" not in agree(Right.READ, first)
        assert "Otto Outsider" not in agree(Right.DECIDE, document)

    def test_a_request_about_no_revision_opens_the_document_and_no_draft(self, cast):
        document = drafted(cast.centre_author, cast.centre_remit)
        request = Request.objects.create(
            number="R-1",
            kind="change",
            subject_kind="document",
            subject_id=document.public_id,
            subject_title=document.title,
            remit=document.remit,
            submitted_by=cast.unit_reader,
            opened_at=timezone.now(),
        )
        self.waits(cast, request)
        assert "Otto Outsider" in agree(Right.READ, document)
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, document)

    def test_it_is_closed_again_once_nothing_waits(self, cast):
        document = drafted(cast.centre_author, cast.centre_remit)
        request = submitted(cast.centre_author, document)
        self.waits(cast, request)
        document.refresh_from_db()
        assert "Otto Outsider" in agree(Right.READ_DRAFT, document)
        RequestWaiting.objects.filter(user=cast.outsider).delete()
        policy.forget()
        assert "Otto Outsider" not in agree(Right.READ_DRAFT, document)


def test_a_second_role_for_the_organisation_adds_its_powers(cast):
    assert not policy.can(cast.outsider, Power.CONFIRM_TRANSITIONS)
    grant_organisation_role(actor=cast.admin, user=cast.outsider, role=OrganisationRole.SPONSOR)
    assert policy.can(cast.outsider, Power.CONFIRM_TRANSITIONS)
    assert not policy.can(cast.outsider, Power.MANAGE_UNITS)
