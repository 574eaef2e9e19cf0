"""The inbox."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import notices as actions
from accounts.models import Notification
from accounts.selectors import notifications as selectors

PER_PAGE = 25


@login_required
@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    """Show the person's notices, newest first; each is checked again for what they may still see."""
    unread_only = request.GET.get("show") == "unread"
    rows = selectors.inbox(request.user, unread_only=unread_only)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_title": "Notifications",
        "unread_only": unread_only,
        "page": page,
        "notices": selectors.notices_for(request.user, list(page.object_list)),
        "unread": selectors.inbox(request.user, unread_only=True).count(),
        "looked_at": timezone.now().isoformat(),
    }
    return render(request, "accounts/notification_list.html", context)


@login_required
@require_safe
def notification_open(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead to what the notice is about and count it as read; nothing is there for whoever may not see it."""
    try:
        notice = selectors.notice_by_id(request.user, public_id)
    except Notification.DoesNotExist as error:
        raise Http404 from error
    if notice.hidden or not notice.url:
        raise Http404
    actions.mark_read(actor=request.user, public_id=public_id)
    return HttpResponseRedirect(notice.url)


@login_required
@require_POST
def notification_read(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Count one notice as read and go back to the list."""
    actions.mark_read(actor=request.user, public_id=public_id)
    return HttpResponseRedirect(_back(request))


@login_required
@require_POST
def notification_read_all(request: HttpRequest) -> HttpResponse:
    """Count everything as read that was there when the list was shown."""
    marked = actions.mark_all_read(actor=request.user, until=_moment(request.POST.get("until", "")))
    if marked:
        messages.success(request, f"{marked} {'notification is' if marked == 1 else 'notifications are'} read.")
    return HttpResponseRedirect(_back(request))


def _moment(text: str) -> datetime:
    """The moment that the page was made, never one to come."""
    now = timezone.now()
    try:
        found = parse_datetime(text)
        # In UTC here, for at the ends of the calendar another zone's moment has none.
        return min(found.astimezone(UTC), now) if found is not None and timezone.is_aware(found) else now
    except (ValueError, OverflowError):
        return now


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    ours = wanted.startswith("/notifications/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if ours else "/notifications/"
