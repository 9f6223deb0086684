"""What a team shares: environment, compose file and page agree, and no password is kept."""

import re
from pathlib import Path

import pytest
import yaml
from kedro.framework.session import KedroSession
from postgres_server import PASSWORD

from klue_pipeline.tracking.tracking_params import read_tracking_params

ROOT = Path(__file__).resolve().parents[1]
DOCKER = ROOT / "docker"
PAGE = (ROOT / "docs" / "team.md").read_text("utf-8")
COMPOSE = yaml.safe_load((DOCKER / "compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
PORTS = {"postgres": 5432, "mlflow": 5000, "optuna-dashboard": 8080}
HOST = "127.0.0.1"
ADDRESS = re.compile(r"postgresql\+psycopg://klue@(?P<host>[\w.]+)/(?P<database>\w+)")


def test_the_environment_names_the_server_and_the_database_that_compose_starts(
    fresh_graph, monkeypatch
):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with KedroSession.create(ROOT, env="team") as session:
        context = session.load_context()
    tracking = read_tracking_params(context)
    assert tracking.tracking_uri == f"http://{HOST}:{PORTS['mlflow']}"
    assert (tracking.artifact_location, tracking.experiment) == (None, "klue-relation-team")
    assert context.params["tune"].storage == f"postgresql+psycopg://klue@{HOST}/optuna"
    assert context.config_loader["globals"]["data_root"] == "data/team"


def test_every_service_has_a_pinned_image_a_health_check_and_a_port_on_loopback():
    assert {
        name: (service["ports"], "healthcheck" in service, service["restart"])
        for name, service in SERVICES.items()
    } == {
        name: ([f"${{KLUE_BIND:-{HOST}}}:{port}:{port}"], True, "unless-stopped")
        for name, port in PORTS.items()
    }
    base = re.findall(r"^FROM (\S+)", (DOCKER / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    images = [*base, *(service["image"] for service in SERVICES.values())]
    assert [image for image in images if not re.search(r":\d+(\.\d+)*(-\w+)*$", image)] == []
    assert SERVICES["optuna-dashboard"]["profiles"] == ["dashboard"]
    waits = {name: service.get("depends_on") for name, service in SERVICES.items()}
    ready = {"postgres": {"condition": "service_healthy"}}
    assert waits == {"postgres": None, "mlflow": ready, "optuna-dashboard": ready}
    used = {mount.partition(":")[0] for service in SERVICES.values()
            for mount in service.get("volumes", [])}  # fmt: skip
    assert used == {*COMPOSE["volumes"], "./databases.sql"}
    assert (DOCKER / "databases.sql").is_file()


def test_no_password_has_a_default_or_stands_in_a_file():
    required = "${KLUE_POSTGRES_PASSWORD:?set a password}"
    given = [value for service in SERVICES.values()
             for name, value in service["environment"].items() if "PASSWORD" in name]  # fmt: skip
    assert given == [required] * len(SERVICES)
    files = [*DOCKER.iterdir(), *(ROOT / "conf" / "team").iterdir()]
    logins = [re.findall(r"://[^\s/@]*:[^\s/]*@", path.read_text("utf-8")) for path in files]
    assert logins == [[]] * len(files)


def test_files_and_page_name_the_same_databases():
    script = (DOCKER / "databases.sql").read_text("utf-8")
    made = {SERVICES["postgres"]["environment"]["POSTGRES_DB"]}
    made |= set(re.findall(r"CREATE DATABASE (\w+);", script))
    assert made == {"mlflow", "optuna"}
    commands = [" ".join(service.get("command", [])) for service in SERVICES.values()]
    in_compose = {found.groups() for found in map(ADDRESS.search, commands) if found}
    assert in_compose == {("postgres", name) for name in made}
    assert {found.groups() for found in ADDRESS.finditer(PAGE)} == {(HOST, name) for name in made}
    assert set(re.findall(r"^createdb .* (\w+)$", PAGE, re.MULTILINE)) == made


@pytest.mark.slow
def test_a_run_and_a_study_behind_passwords_write_none_of_them(project, postgres, mlflow_database):
    studies = postgres.new_database()
    chosen = {"mlflow.enabled": "true", "mlflow.tracking_uri": mlflow_database,
              "tune.storage": studies, "tune.trials": "1", "tune.finalist_seeds": "0",
              "training.epochs": "1"}  # fmt: skip
    ended = project.run(
        "--pipelines", "ingest,clean,augment,tokenize,tune,train",
        "--params", ",".join(f"{name}={value}" for name, value in chosen.items()),
    )  # fmt: skip
    assert ended.code == 0, ended.console
    tracked, tuned = (address.rpartition("/")[2] for address in (mlflow_database, studies))
    runs = postgres.ask(tracked, "SELECT name, status FROM runs")
    assert {("fold_0", "FINISHED"), ("fold_1", "FINISHED")} < set(runs)
    assert {status for _, status in runs} == {"FINISHED"}
    assert postgres.ask(tuned, "SELECT state FROM trials") == [("COMPLETE",)]
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
    assert PASSWORD not in ended.console
    assert "klue:***@127.0.0.1" in ended.console
    for database in (tracked, tuned):
        for (table,) in postgres.ask(
            database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ):
            whole = f"SELECT count(*) FROM \"{table}\" AS line WHERE line::text LIKE '%{PASSWORD}%'"  # noqa: S608
            assert postgres.ask(database, whole) == [(0,)], table
