"""What an operator is told when the environment is not enough."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import REQUIRED_IN_PRODUCTION, Environment, kept_secret_key

COMPLETE = {
    "REMIT_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "DATABASE_URL": "postgres://remit@db/remit",
    "REDIS_URL": "redis://cache:6379/0",
    "REMIT_ALLOWED_HOSTS": "remit.example.org",
    "EMAIL_URL": "consolemail://",
    "REMIT_MAIL_FROM": "remit@example.org",
}


def test_production_with_every_variable_is_accepted() -> None:
    Environment(COMPLETE).refuse_incomplete_production()


def test_production_names_every_missing_variable_at_once_and_what_to_do() -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        Environment({"REMIT_ENV": "production"}).refuse_incomplete_production()
    for name in REQUIRED_IN_PRODUCTION:
        assert f"  {name}: " in str(refusal.value)
    assert "NAME_FILE" in str(refusal.value)


@pytest.mark.parametrize("name", sorted(REQUIRED_IN_PRODUCTION))
def test_production_refuses_for_each_variable_alone_also_when_it_is_empty(name: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        Environment({**COMPLETE, name: ""}).refuse_incomplete_production()
    assert f"  {name}: " in str(refusal.value)
    assert all(f"  {other}: " not in str(refusal.value) for other in REQUIRED_IN_PRODUCTION if other != name)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 50 + "\n", encoding="utf-8")
    variables = {key: value for key, value in COMPLETE.items() if key != "SECRET_KEY"}
    environment = Environment({**variables, "SECRET_KEY_FILE": str(secret)})
    environment.refuse_incomplete_production()
    assert environment.text("SECRET_KEY") == "s" * 50


def test_a_secret_file_that_is_absent_or_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        Environment({"SECRET_KEY_FILE": str(tmp_path / "absent")}).text("SECRET_KEY")
    with pytest.raises(ImproperlyConfigured, match="both set"):
        Environment({"SECRET_KEY": "a", "SECRET_KEY_FILE": "b"}).text("SECRET_KEY")


def test_production_refuses_a_short_key_and_a_database_that_is_not_postgresql() -> None:
    with pytest.raises(ImproperlyConfigured, match="shorter than 50"):
        Environment({**COMPLETE, "SECRET_KEY": "short"}).refuse_incomplete_production()
    with pytest.raises(ImproperlyConfigured, match="runs on PostgreSQL"):
        Environment({**COMPLETE, "DATABASE_URL": "sqlite:///x"}).refuse_incomplete_production()


def test_an_unknown_kind_of_installation_is_refused_and_none_is_embedded() -> None:
    assert Environment({}).kind == "embedded"
    with pytest.raises(ImproperlyConfigured, match="prodution"):
        _ = Environment({"REMIT_ENV": "prodution"}).kind


@pytest.mark.parametrize(
    ("value", "meant"), [("1", True), ("yes", True), ("OFF", False), ("", False), ("false", False)]
)
def test_a_switch_reads_the_usual_words(value: str, *, meant: bool) -> None:
    assert Environment({"DEMO_MODE": value}).flag("DEMO_MODE") is meant


def test_a_switch_and_a_number_refuse_anything_else() -> None:
    with pytest.raises(ImproperlyConfigured, match="Write 1 or 0"):
        Environment({"DEMO_MODE": "perhaps"}).flag("DEMO_MODE")
    for value in ("many", "-1", "1.5"):
        with pytest.raises(ImproperlyConfigured, match="whole number"):
            Environment({"DATABASE_POOL_SIZE": value}).number("DATABASE_POOL_SIZE", default=4)


def test_an_embedded_installation_keeps_one_secret_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = kept_secret_key(tmp_path / "data")
    assert len(first) >= 50
    assert kept_secret_key(tmp_path / "data") == first
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]


def test_a_data_folder_that_cannot_be_used_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="Set REMIT_DATA"):
        kept_secret_key(tmp_path / "file" / "data")
