"""The addresses of accounts' API, below ``/api/v1/``."""

from django.urls import path

from accounts.api import notifications, people, tokens

urlpatterns = [
    path("api/v1/me/", people.Me.as_view(), name="api-me"),
    path("api/v1/people/", people.PersonList.as_view(), name="api-person-list"),
    path("api/v1/people/<uuid:public_id>/", people.PersonDetail.as_view(), name="api-person"),
    path("api/v1/notifications/", notifications.NoticeList.as_view(), name="api-notice-list"),
    path("api/v1/notifications/read/", notifications.InboxReading.as_view(), name="api-inbox-reading"),
    path("api/v1/notifications/<uuid:public_id>/", notifications.NoticeDetail.as_view(), name="api-notice"),
    path("api/v1/notifications/<uuid:public_id>/read/", notifications.NoticeReading.as_view(), name="api-notice-read"),
    path("api/v1/tokens/", tokens.TokenList.as_view(), name="api-token-list"),
    path("api/v1/tokens/<uuid:public_id>/", tokens.TokenDetail.as_view(), name="api-token"),
]
