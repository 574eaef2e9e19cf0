"""The addresses as they are in demo mode."""

from accounts.urls import DEMO_ROUTES
from config import urls

urlpatterns = [*urls.urlpatterns, *DEMO_ROUTES]
