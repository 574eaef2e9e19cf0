"""The demo organisation: an invented utility group whose people, standards and requests show what Remit does."""
