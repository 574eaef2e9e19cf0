"""How fast Remit is, beside a floor, beside hand-written SQL and beside guardian's own shortcuts, in the same run."""
