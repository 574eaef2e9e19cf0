"""The long campaigns, in one table: what each shows, which tests it runs, and how often unless it is told otherwise.

A campaign is a selection of the suite's own tests with larger counts, so that nothing is proved by code that no
ordinary run executes. To add one: ask for its count with ``count("NAME", small)`` in a test, ``record`` what is
found, and add a row here; ``make prove NAME=…`` then sets the count.
"""

from dataclasses import dataclass, field

HTTP = "tests/http/"


@dataclass(frozen=True)
class Campaign:
    """One campaign. ``counts`` are its parameters with what they are unless said otherwise; ``repeat`` names the one
    that says how often each of the selected tests is run. ``seconds`` bounds one pass on one database."""

    key: str
    title: str
    shows: str
    tests: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    repeat: str = ""
    databases: tuple[str, ...] = ("SQLite", "PostgreSQL")
    seconds: int = 1_800


CAMPAIGNS = (
    Campaign(
        "leaks",
        "No-leak",
        "Every surface, as nine roles and signed out, in every way of asking: nothing hidden in an answer, hidden and "
        "absent answered alike, every number that of a plain reading, no notice, mail or command that tells.",
        (f"{HTTP}test_nothing_leaks.py", f"{HTTP}test_enumeration.py", f"{HTTP}test_bodies.py"),
        {"LEAK_WAYS": 1},
    ),
    Campaign(
        "planted",
        "Planted leaks",
        "A filter left out or a word too much, in each kind of surface: with PLANTED_WHOLE=1 the sweep looks at every "
        "surface, with 0 only where it was planted.",
        (f"{HTTP}test_planted_leaks.py",),
        {"PLANTED_WHOLE": 1},
    ),
    Campaign(
        "oracle",
        "The permissions against an independent reading",
        "Organisations told and generated, of every model: for each person, right and document the one permission "
        "filter says what a plain reading of the description says that shares no code with it, and so do the stored "
        "grants for each right in each remit; planted faults are found.",
        ("tests/oracle/",),
        {"ORACLE_TRIPLES": 250_000},
    ),
    Campaign(
        "races",
        "Races",
        "Two at the same moment, the same form twice, four votes for a quorum of two, a vote and a withdrawal, "
        "delegate and principal: one effect, no lock met, nothing torn.",
        (
            "tests/concurrency/test_requests.py::test_two_who_share_a_seat_decide_once",
            "tests/concurrency/test_requests.py::test_the_same_submission_twice_is_one_request",
            "tests/concurrency/test_requests.py::test_four_who_vote_for_a_quorum_of_two_publish_once",
            "tests/concurrency/test_requests.py::test_a_vote_and_a_withdrawal_leave_one_of_them",
            "tests/concurrency/test_requests.py::test_a_delegator_and_the_substitute_decide_once",
        ),
        {"RACES": 1_000},
    ),
    Campaign(
        "kills",
        "Kills",
        "Killed or failed at every named point of a model switch, an import, the reminders, the outbox and the ledger: "
        "all of a change or none of it, nothing lost, and the next run ends it.",
        (
            "tests/governance/actions/test_transitions.py::test_killed_at_any_failpoint_a_switch_leaves_nothing_torn",
            "tests/knowledge/actions/test_imports_killed.py",
            "tests/knowledge/actions/test_reviews.py::test_killed_in_the_middle_nobody_is_forgotten_and_nobody_is_told_twice",
            "tests/accounts/test_outbox.py::test_a_process_killed_anywhere_loses_no_mail",
            "tests/governance/ledger/test_killed.py::test_killed_at",
        ),
        {"KILLS": 10},
        repeat="KILLS",
    ),
    Campaign(
        "tampering",
        "Tampering",
        "Random edits, deletions, reorderings, cut tails and rewritten hashes, below the triggers: what the hashes "
        "find, and what only a checkpoint kept elsewhere can.",
        ("tests/governance/ledger/test_tampering.py",),
        {"TAMPERINGS": 200},
    ),
    Campaign(
        "texts",
        "Hostile Markdown",
        "Payloads and their disguises, rendered and compared: no tag, attribute or address that is not allowed.",
        ("tests/knowledge/text/test_disguises.py",),
        {"PAYLOADS": 2_000},
        databases=("SQLite",),
    ),
    Campaign(
        "uploads",
        "Uploads",
        "Files of every name and kind: refused at their field, or kept under a tame name and never run by a browser.",
        (f"{HTTP}test_uploads.py",),
        {"UPLOADS": 300},
    ),
    Campaign(
        "api",
        "The API under schemathesis",
        "Generated calls from the API's own description, as each role and signed out: no fault, nothing hidden told.",
        (f"{HTTP}test_api_generated.py",),
        {"API_CASES": 1_700},
    ),
    *(
        Campaign(
            f"mutation-{area}",
            f"Changed code: {area}",
            f"{what} with one small change after the other, each tried by their tests: so many were noticed. With "
            "MUTANTS=0 every change is tried, else so many, always the same. Of those that no test notices, "
            "`tests/mutation/survivors.toml` says why they may stay so; where one is not explained, it did not hold.",
            (f"tests/mutation/test_mutants.py::test_what_is_changed_is_noticed[{area}]",),
            {"MUTANTS": 0},
            databases=("SQLite",),
            seconds=14_400,
        )
        for area, what in (("compiler", "The compiler"), ("engine", "The workflow's engine"), ("policy", "The policy"))
    ),
)
