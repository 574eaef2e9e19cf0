"""The addresses of accounts."""

from django.conf import settings
from django.urls import URLPattern, path

from accounts.views import notifications, people, signing_in, tokens

DEMO_ROUTES: list[URLPattern] = [path("signin/demo/", signing_in.demo_sign_in, name="demo-sign-in")]
"""One-click sign-in: among the addresses in demo mode only."""

urlpatterns: list[URLPattern] = [
    path("signin/", signing_in.sign_in, name="sign-in"),
    path("signout/", signing_in.sign_out, name="sign-out"),
    path("me/", people.profile, name="profile"),
    path("me/password/", people.password, name="password"),
    path("people/<uuid:public_id>/deactivate/", people.deactivate, name="people-deactivate"),
    path("people/<uuid:public_id>/reactivate/", people.reactivate, name="people-reactivate"),
    path("me/tokens/", tokens.token_list, name="token-list"),
    path("me/tokens/<uuid:public_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("notifications/", notifications.notification_list, name="notification-list"),
    path("notifications/read/", notifications.notification_read_all, name="notification-read-all"),
    path("notifications/<uuid:public_id>/", notifications.notification_open, name="notification-open"),
    path("notifications/<uuid:public_id>/read/", notifications.notification_read, name="notification-read"),
    *(DEMO_ROUTES if settings.DEMO_MODE else ()),
]
