"""The addresses of the page shell."""

from django.urls import path

from config.views import look
from config.views.my_work import my_work

urlpatterns = [
    path("", my_work, name="my-work"),
    path("keys/", look.keys, name="keys"),
    path("me/look/", look.set_look, name="set-look"),
]
