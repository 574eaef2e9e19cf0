"""What ``docker-compose.yml`` and ``Dockerfile`` promise, read from them."""

import pytest

from config.environment import REQUIRED_IN_PRODUCTION, Environment
from tests.architecture.repository import ROOT
from tests.production import compose

OURS = ("prepare", "web", "worker", "beat")
OUTSIDE = {
    "REMIT_ALLOWED_HOSTS": "remit.example.org",
    "REMIT_MAIL_FROM": "a@example.org",
    "EMAIL_URL": "smtp://mail:25",
}


def test_every_service_is_there_and_those_that_stay_have_a_health_check() -> None:
    services = compose.services(**OUTSIDE)
    assert set(services) == {*OURS, "database", "redis"}
    assert [name for name, each in services.items() if not each.healthcheck] == ["prepare"]
    assert {name for name, each in services.items() if each.said.get("restart") != "unless-stopped"} == {"prepare"}


@pytest.mark.parametrize("name", OURS)
def test_our_processes_run_without_root_without_powers_and_without_writing_to_their_image(name: str) -> None:
    said = compose.services(**OUTSIDE)[name].said
    assert compose.image_user() not in {"root", "0"}
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in said


@pytest.mark.parametrize("name", OURS)
def test_production_has_every_variable_that_it_needs_and_no_secret_stands_in_one(name: str) -> None:
    service = compose.services(**OUTSIDE)[name]
    given = service.environment
    assert given["REMIT_ENV"] == "production"
    assert {each for each in REQUIRED_IN_PRODUCTION if not given.get(each) and not given.get(f"{each}_FILE")} == set()
    _, files = compose.volumes_and_secrets()
    named = {
        path.rpartition("/")[2] for key, path in given.items() if key.endswith("_FILE") and "/run/secrets/" in path
    }
    assert named == set(service.said["secrets"]) == set(files)
    assert all("password" not in value.lower() for key, value in given.items() if not key.endswith("_FILE"))


@pytest.mark.parametrize("name", sorted(REQUIRED_IN_PRODUCTION))
def test_a_variable_taken_out_of_the_file_is_refused_by_name(name: str) -> None:
    given = {**compose.services(**OUTSIDE)["web"].environment, "SECRET_KEY": "k" * 60}
    for each in ("SECRET_KEY_FILE", "DATABASE_PASSWORD_FILE", "REMIT_METRICS_TOKEN_FILE"):
        given.pop(each)
    Environment(given).refuse_incomplete_production()
    del given[name]
    with pytest.raises(Exception, match=f"  {name}: "):
        Environment(given).refuse_incomplete_production()


def test_what_only_the_operator_knows_is_asked_for_by_name() -> None:
    assert set(compose.required_outside()) == set(OUTSIDE)
    with pytest.raises(KeyError, match="EMAIL_URL"):
        compose.services(**{key: value for key, value in OUTSIDE.items() if key != "EMAIL_URL"})


def test_data_lies_in_volumes_and_secrets_in_files_that_are_in_no_image_and_no_history() -> None:
    volumes, files = compose.volumes_and_secrets()
    services = compose.services(**OUTSIDE)
    assert {each.split(":")[0] for service in services.values() for each in service.said.get("volumes", [])} == volumes
    assert all(path.startswith("./secrets/") for path in files.values())
    for ignoring in (".gitignore", ".dockerignore"):
        assert "secrets" in (ROOT / ignoring).read_text(encoding="utf-8")


def test_each_may_take_the_time_it_needs_to_stop() -> None:
    services = compose.services(**OUTSIDE)
    assert services["web"].said["stop_grace_period"] == "40s"
    assert services["worker"].said["stop_grace_period"] == "2m"
