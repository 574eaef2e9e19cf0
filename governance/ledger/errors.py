"""What can go wrong with the ledger: each is a mistake of the calling code, or a broken installation."""


class LedgerError(RuntimeError):
    """The ledger was used in a way that would make it untrue."""


class TransactionOpen(LedgerError):
    """A change was begun inside another transaction, so its COMMIT would not be the change's own."""


class NestedChange(LedgerError):
    """A change was begun inside another change."""


class NothingRecorded(LedgerError):
    """A change ended without an entry and without saying that nothing happened."""
