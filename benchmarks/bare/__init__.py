"""What Remit is compared with: Django, guardian and DRF, and nothing else. One module each, on the same database."""
