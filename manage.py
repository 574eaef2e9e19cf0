#!/usr/bin/env python
"""Run Remit's management commands."""

import os
import sys


def main() -> None:
    """Hand the command line to Django, with a readable refusal where its settings cannot be loaded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refusal:
        sys.exit(f"Remit does not start.\n{refusal}")


if __name__ == "__main__":
    main()
