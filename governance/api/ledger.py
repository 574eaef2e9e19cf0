"""The ledger: what happened, and whether its chains hold."""

from typing import Any

from django import forms
from django.http import Http404
from rest_framework import serializers

from governance.api.operations import lists, shows
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.permissions import policy
from governance.rights import Power
from governance.scopes import Scope
from governance.selectors import audit
from governance.selectors.ledger import lines


class EntrySerializer(serializers.Serializer[Any]):
    """One entry, with what it says and its place in its chain. An erased one has lost its words and keeps its hash."""

    id = serializers.IntegerField(source="entry.id", read_only=True)
    stream = serializers.CharField(source="entry.stream", read_only=True)
    sequence = serializers.IntegerField(source="entry.sequence", read_only=True)
    event = serializers.CharField(source="entry.event", read_only=True)
    sentence = serializers.CharField(read_only=True)
    recorded_at = serializers.DateTimeField(source="entry.recorded_at", read_only=True)
    occurred_at = serializers.DateTimeField(source="entry.occurred_at", read_only=True, allow_null=True)
    actor = serializers.CharField(source="entry.actor", read_only=True, help_text="Id of the person, or `system`.")
    actor_name = serializers.CharField(read_only=True)
    on_behalf_of = serializers.CharField(source="entry.on_behalf_of", read_only=True)
    on_behalf_of_name = serializers.CharField(read_only=True)
    subject = serializers.CharField(source="entry.subject", read_only=True)
    title = serializers.CharField(source="entry.subject_title", read_only=True)
    url = serializers.CharField(source="entry.subject_url", read_only=True)
    before = serializers.DictField(source="entry.before", read_only=True, allow_null=True)
    after = serializers.DictField(source="entry.after", read_only=True, allow_null=True)
    reason = serializers.CharField(source="entry.reason", read_only=True)
    erased = serializers.BooleanField(source="entry.erased", read_only=True)
    change_id = serializers.CharField(source="entry.change_id", read_only=True)
    request_id = serializers.CharField(source="entry.request_id", read_only=True)
    hash = serializers.CharField(source="entry.hash", read_only=True)


class ChainProblemSerializer(serializers.Serializer[Any]):
    """The first thing in a chain that does not hold."""

    stream = serializers.CharField(read_only=True)
    sequence = serializers.IntegerField(read_only=True, allow_null=True)
    sentence = serializers.CharField(read_only=True)


class VerifiedSerializer(serializers.Serializer[Any]):
    """What was looked at in a chain, and whether it holds."""

    holds = serializers.BooleanField(read_only=True)
    entries = serializers.IntegerField(read_only=True)
    erased = serializers.IntegerField(read_only=True)
    problem_count = serializers.IntegerField(read_only=True)
    problems = ChainProblemSerializer(many=True, read_only=True)


class OpenedEntrySerializer(serializers.Serializer[Any]):
    """One entry, its neighbour's hash, and whether its chain holds around it."""

    entry = EntrySerializer(source="line", read_only=True)
    previous_hash = serializers.CharField(read_only=True)
    last_sequence = serializers.IntegerField(read_only=True)
    chain = VerifiedSerializer(read_only=True)


class EntryFilters(forms.Form):
    """Which entries."""

    who = forms.CharField(required=False, max_length=200, help_text="Part of a name, or an e-mail address.")
    event = forms.CharField(required=False, max_length=80, help_text="An event, or how it begins: `approval.`")
    kind = forms.CharField(required=False, max_length=40, help_text="Kind of thing, such as `unit`.")
    about = forms.CharField(required=False, max_length=200, help_text="Number, code or words of a title.")
    since = forms.DateTimeField(required=False, help_text="From this moment on.")
    until = forms.DateTimeField(required=False, help_text="Before this moment.")


class EntryList(ApiView):
    """The ledger's entries."""

    @lists("ledger_list", EntrySerializer, scope=Scope.AUDIT, order=("-pk",), filters=EntryFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List entries, newest first: an auditor's all, an administrator's of the organisation's shape."""
        policy.require(request.user, Power.READ_LEDGER)
        return self.page(audit.matching(request.user, audit.Search(**self.filters)), prepare=lines)


class EntryDetail(ApiView):
    """One entry of the ledger."""

    @shows("ledger_show", OpenedEntrySerializer, scope=Scope.AUDIT)
    def get(self, request: HttpRequest, number: int) -> HttpResponseBase:
        """Show an entry, and verify its chain around it."""
        policy.require(request.user, Power.READ_LEDGER)
        opened = audit.opened(request.user, number) if number < 2**63 else None
        if opened is None:
            raise Http404
        return self.thing(opened)
