"""The settings: defaults, what is required of whom, and one line that helps when something is wrong."""

import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.key_files import SECRET_KEY_FILE
from bot.settings import Settings, SettingsError, load_settings
from moderation.thresholds import DEFAULT

ROOT = Path(__file__).resolve().parents[2]
NAMES = {str(field.validation_alias) for field in Settings.model_fields.values()}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of the machine that runs the tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_it_needs_nothing_to_match_on_this_machine(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite+aiosqlite:///data/chaming.db"
    assert settings.line_api_url == "https://api.line.me"
    assert (settings.host, settings.port, settings.push_expired_replies) == ("127.0.0.1", 8080, False)


def test_it_reads_a_dot_env_file_and_lets_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\nUNKNOWN=1\nMODEL=\n")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.port, settings.host) == (9001, "0.0.0.0")
    assert settings.model == "intfloat/multilingual-e5-small"


def test_it_splits_two_secrets_while_one_is_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINE_CHANNEL_SECRET", "new, old")
    assert load_settings().line_channel_secrets == ("new", "old")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("LINE_API_URL", "api.line.me"),
        ("PUBLIC_URL", "example.org"),
        ("PUBLIC_URL", "https://example.org /"),
        ("PUBLIC_URL", "https://example.org/callback/"),
        ("LINE_CHANNEL_ACCESS_TOKEN", "Bearer abc"),
        ("LINE_CHANNEL_ACCESS_TOKEN", "把權杖貼在這裡"),
        ("LINE_CHANNEL_ID", "my channel"),
        ("DATABASE_URL", "mysql://host/db"),
        ("DATABASE_URL", "chaming.db"),
        ("INDEX_URL", "faiss"),
        ("SECRET_KEY", "short"),
        ("PUSH_EXPIRED_REPLIES", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("ENCODER_THREADS", "0"),
        ("VERIFICATION", '{"min_ratings'),
        ("VERIFICATION", '{"min_rating": 5}'),
        ("VERIFICATION", '{"min_ratings": "many"}'),
        ("VERIFICATION", "[3]"),
        ("VERIFICATION", '{"min_ratings": -1}'),
        ("VERIFICATION", '{"verified_share": 75}'),
        ("VERIFICATION", '{"verified_share": NaN}'),
        ("VERIFICATION", '{"lock_after": "-P1D"}'),
        ("VERIFICATION", '{"delay_to": "PT1M"}'),
        ("LINE_CHANNEL_SECRET", "把密鑰貼在這裡"),
        ("LINE_CHANNEL_SECRET", "new, the old one"),
        ("LINE_LOGIN_CHANNEL_SECRET", "密鑰"),
        ("LINE_CHANNEL_ID", "１２３４"),
        ("METRICS_TOKEN", "a token with spaces in it"),
        ("DRAFT_HELPER_KEY", "鑰匙"),
        ("DRAFT_HELPER_URL", "http://localhost:port/v1"),
        ("SMTP_URL", "smtp://mail.example.org:70000"),
        ("SMTP_URL", "smtp://user:password@"),
        ("PUBLIC_URL", "https://:8080"),
        ("PUBLIC_URL", "https://example.org:99999"),
        ("PUBLIC_URL", "https://example.org/?a=1"),
        ("HOST", "http://localhost"),
        ("DATABASE_URL", "postgresql+asyncpg://host:port/db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("SECRET_KEY", " " * 20),
    ],
)
def test_a_malformed_setting_stops_the_start_with_its_name_and_an_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{name} is malformed")
    assert f"Example: {name}=" in message


def test_it_names_the_threshold_that_cannot_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ('{"min_ratings": -1}', '{"min_ratings": "many"}'):
        monkeypatch.setenv("VERIFICATION", value)
        with pytest.raises(SettingsError, match="min_ratings"):
            load_settings()


def test_it_says_in_words_what_a_token_may_consist_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINE_CHANNEL_SECRET", "把密鑰貼在這裡")
    with pytest.raises(SettingsError, match="ASCII letters, digits and signs only"):
        load_settings()


def test_it_says_that_dot_env_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("PORT=8090".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8 text"):
        load_settings()


def test_it_never_repeats_a_secret_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_it_shows_no_secret_in_its_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINE_CHANNEL_SECRET", "channel-secret")
    monkeypatch.setenv("LINE_CHANNEL_ACCESS_TOKEN", "access-token")
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://user:password@host/db")
    monkeypatch.setenv("SECRET_KEY", "a-long-secret-key")
    shown = repr(load_settings())
    assert not any(secret in shown for secret in ("channel-secret", "access-token", "password", "a-long-secret-key"))


def test_it_requires_lines_settings_only_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    load_settings()
    with pytest.raises(SettingsError, match="LINE_CHANNEL_SECRET"):
        load_settings(require_line=True)
    monkeypatch.setenv("LINE_CHANNEL_SECRET", "secret")
    with pytest.raises(SettingsError, match="LINE_CHANNEL_ACCESS_TOKEN"):
        load_settings(require_line=True)
    monkeypatch.setenv("LINE_CHANNEL_ID", "123")
    load_settings(require_line=True)


def test_it_makes_a_secret_key_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first, second = load_settings(), load_settings()
    path = tmp_path / "data" / SECRET_KEY_FILE
    assert first.secret_key == second.secret_key == path.read_text()
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [child.name for child in path.parent.iterdir()] == [SECRET_KEY_FILE]


def test_it_requires_a_secret_key_where_several_machines_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://host/db")
    with pytest.raises(SettingsError, match="SECRET_KEY is required"):
        load_settings()


@pytest.mark.parametrize("rest", ["user@host/db", "user:password@host"])
def test_it_takes_the_url_a_hosting_platform_hands_out(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://{rest}")
    monkeypatch.setenv("SECRET_KEY", "a-long-secret-key")
    assert load_settings().database_url == f"postgresql+asyncpg://{rest}"


def test_it_says_so_when_the_data_directory_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(SettingsError, match="DATA_DIR"):
        load_settings()


def test_every_setting_is_in_the_example_and_the_example_is_a_good_one(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", example, re.M)) == NAMES
    (tmp_path / ".env").write_text(example)
    load_settings()


def test_it_changes_only_the_thresholds_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFICATION", '{"answer_provisional": false, "lock_after": "P30D"}')
    changed = replace(DEFAULT, answer_provisional=False, lock_after=timedelta(days=30))
    assert load_settings().verification == changed
