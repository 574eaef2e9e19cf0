"""Composes the packages into the product: settings, addresses, jobs, server. Nothing imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
