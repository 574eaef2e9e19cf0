"""The inbox: a person's notices, each only as far as they may still see what it is about."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from rest_framework import serializers

from accounts.actions import notices as actions
from accounts.forms.notifications import InboxFilters
from accounts.models import Notification
from accounts.selectors import notifications as selectors
from governance.api.operations import lists, shows, writes
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.scopes import Scope


class NoticeSerializer(serializers.Serializer[Any]):
    """A notice. Where ``hidden``, the person may no longer see what it is about, and it says nothing of it."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    title = serializers.CharField(read_only=True)
    body = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True, help_text="The page that it leads to.")
    created_at = serializers.DateTimeField(read_only=True)
    unread = serializers.BooleanField(read_only=True)
    waits = serializers.BooleanField(read_only=True, help_text="It waits for this person, and still does.")
    hidden = serializers.BooleanField(read_only=True)


class ReadSerializer(serializers.Serializer[Any]):
    """Up to when notices count as read: what came after one looked does not."""

    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class MarkedSerializer(serializers.Serializer[Any]):
    """How many notices are read that were not."""

    marked = serializers.IntegerField(read_only=True)


class NoticeList(ApiView):
    """The person's inbox."""

    @lists("notification_list", NoticeSerializer, order=("-created_at", "-pk"), filters=InboxFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List one's notices, newest first."""
        rows = selectors.inbox(request.user, unread_only=self.filters["show"] == "unread")
        return self.page(rows, prepare=lambda page: selectors.notices_for(request.user, page))


class NoticeDetail(ApiView):
    """One notice."""

    @shows("notification_show", NoticeSerializer)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Show one of one's notices; it stays as unread as it was."""
        return self.thing(found(request.user, public_id))


class NoticeReading(ApiView):
    """That a notice was read."""

    @writes("notification_read", NoticeSerializer, scope=Scope.WRITE)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Count a notice as read."""
        found(request.user, public_id)
        actions.mark_read(actor=request.user, public_id=public_id)
        return self.done(found(request.user, public_id))


class InboxReading(ApiView):
    """That the inbox was read."""

    @writes("notification_read_all", MarkedSerializer, takes=ReadSerializer, scope=Scope.WRITE)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Count every notice as read that was there until then, or until now."""
        now = timezone.now()
        until = min(self.asked["until"] or now, now)
        return self.done({"marked": actions.mark_all_read(actor=request.user, until=until)})


def found(actor: Any, public_id: UUID) -> selectors.Notice:
    """Return one of the person's notices; ``Http404`` for anybody else's."""
    try:
        return selectors.notice_by_id(actor, public_id)
    except Notification.DoesNotExist:
        raise Http404 from None
