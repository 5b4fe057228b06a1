"""Models to providers to secret names: from fast-agent itself, else from the table, which says so."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.errors import BadArgument
from jobs.planning.model_table import CORRECTIONS, PROVIDERS, VERSION
from jobs.planning.models import ModelPlan, from_table, resolve_models

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("model", "provider", "secret"),
    [
        ("sonnet", "anthropic", "ANTHROPIC_API_KEY"),
        ("claude-haiku-4-5", "anthropic", "ANTHROPIC_API_KEY"),
        ("kimi", "hf", "HF_TOKEN"),
        ("hf.moonshotai/Kimi-K2:groq", "hf", "HF_TOKEN"),
        ("hf/Qwen/Qwen3-235B", "hf", "HF_TOKEN"),
        ("gpt-oss-20b", "hf", "HF_TOKEN"),
        ("gpt-5.4?reasoning=low", "responses", "OPENAI_API_KEY"),
        ("gpt-4.1", "openai", "OPENAI_API_KEY"),
        ("openai.gpt-4o", "openai", "OPENAI_API_KEY"),
        ("codexplan", "codexresponses", "CODEX_API_KEY"),
        ("gemini", "google", "GOOGLE_API_KEY"),
        ("openrouter.google/gemini-3", "openrouter", "OPENROUTER_API_KEY"),
        ("grok", "xai", "XAI_API_KEY"),
        ("muse", "metaai", "META_AI_API_KEY"),
        ("deepseek", "deepseek", "DEEPSEEK_API_KEY"),
        ("deepseek4-hf", "hf", "HF_TOKEN"),
        ("anthropic-vertex.claude-sonnet-5", "anthropic-vertex", None),
        ("passthrough", "fast-agent", None),
    ],
)
def test_the_table_knows_the_usual_models(model: str, provider: str, secret: str | None) -> None:
    plan = from_table(model)
    assert (plan.input, plan.provider, plan.secret, plan.error, plan.resolved_by) == (
        model,
        provider,
        secret,
        None,
        "built-in table",
    )


def test_the_table_says_when_it_does_not_know() -> None:
    plan = from_table("nobody-knows")
    assert (plan.provider, plan.secret) == (None, None)
    assert plan.error


def install(folder: Path, body: str) -> Path:
    """A program named fast-agent that does what a real one might on a bad day."""
    folder.mkdir(exist_ok=True)
    program = folder / "fast-agent"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\nfrom pathlib import Path\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but what a test installs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    return folder


ANSWER = """
count = Path(__file__).with_name("count")
count.write_text(count.read_text() + "x" if count.exists() else "x")
models = next(word for word in sys.argv if word.startswith("--for-model=")).partition("=")[2].split(",")
entry = {"provider": "fast-agent", "required_env": "FAST-AGENT_API_KEY", "resolved_model": "m"}
print("a line before")
text = json.dumps({"resolved": [{"input": model, **entry} for model in models]}, indent=2)
print(text.replace("FAST-AGENT", "FAST\\n-AGENT"))
"""


async def test_without_fast_agent_the_table_answers_and_says_so(alone: Path, tmp_path: Path) -> None:
    plans = await resolve_models(["sonnet", " sonnet", "", "nope"], cache=tmp_path / "cache")
    assert [(plan.input, plan.resolved_by) for plan in plans] == [
        ("sonnet", "built-in table"),
        ("nope", "built-in table"),
    ]


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script with a #! line")
async def test_an_installed_fast_agent_is_asked_once_and_its_answers_are_kept(alone: Path, tmp_path: Path) -> None:
    install(alone, ANSWER)
    cache = tmp_path / "cache"
    first = await resolve_models(["one", "two"], cache=cache)
    assert first[0] == ModelPlan("one", "m", "fast-agent", None, None, "fast-agent")
    assert await resolve_models(["two", "one"], cache=cache) == first[::-1]
    assert (alone / "count").read_text() == "x"
    await resolve_models(["one", "three"], cache=cache)
    assert (alone / "count").read_text() == "xx"


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script with a #! line")
async def test_no_secret_is_in_its_environment_and_no_configuration_in_its_reach(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "Zq7-throwaway-Xy9")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "aB3" * 12)
    install(alone, "Path(__file__).with_name('seen').write_text(json.dumps([dict(os.environ), os.getcwd()]))")
    await resolve_models(["one"], cache=tmp_path / "cache")
    environ, folder = json.loads((alone / "seen").read_text())
    assert not {"API_KEY", "HF_TOKEN"} & environ.keys()
    assert os.path.realpath(environ["FAST_AGENT_HOME"]) == os.path.realpath(folder)  # noqa: ASYNC240 -- a test may block
    assert not os.path.exists(folder)  # noqa: ASYNC240, PTH110 -- a test may block


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script with a #! line")
@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(1)",
        "print('no json')",
        "print('{}')",
        "print('[' * 9)",
        "print('x' * 5_000_000)",
        "print('{\"resolved\": [5]}')",
    ],
)
async def test_whatever_it_says_the_table_answers_and_it_is_left_in_peace(
    alone: Path, tmp_path: Path, body: str
) -> None:
    install(alone, body)
    cache = tmp_path / "cache"
    assert (await resolve_models(["sonnet"], cache=cache))[0] == from_table("sonnet")
    install(alone, ANSWER)
    assert (await resolve_models(["sonnet"], cache=cache))[0].resolved_by == "built-in table"
    assert not (alone / "count").exists()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script with a #! line")
async def test_one_that_hangs_is_ended_with_its_children(alone: Path, tmp_path: Path) -> None:
    body = (
        "pid = os.fork()\nPath(__file__).with_name(f'pid{int(pid == 0)}').write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    install(alone, body)
    plans = await resolve_models(["sonnet"], cache=tmp_path / "cache", timeout=1.5)
    assert plans == [from_table("sonnet")]
    for name in ("pid0", "pid1"):
        assert not _runs(int((alone / name).read_text()))


def _runs(pid: int) -> bool:
    import psutil

    try:
        psutil.Process(pid).wait(timeout=10)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired:
        return True
    return False


@pytest.mark.parametrize(
    "stored", ["", "[]", '{"failed_at": "x", "models": 5}', '{"failed_at": 0, "models": {"sonnet": {"at": 9e99}}}']
)
async def test_a_broken_cache_is_an_empty_one(alone: Path, tmp_path: Path, stored: str) -> None:
    (tmp_path / "models.json").write_text(stored)
    plans = await resolve_models(["sonnet"], cache=tmp_path)
    assert plans == [from_table("sonnet")]


@pytest.mark.parametrize("models", [["a"] * 3 + [f"m{number}" for number in range(40)], ["a,b"], ["a\nb"], ["x" * 201]])
async def test_what_is_no_model_is_refused_without_repeating_it(tmp_path: Path, models: list[str]) -> None:
    with pytest.raises(BadArgument) as refused:
        await resolve_models(models, cache=tmp_path)
    assert models[0] not in (refused.value.message, refused.value.hint)


CANARIES = {
    **dict.fromkeys(
        ("LANGSMITH_API_KEY", "HOMEBREW_GITHUB_API_TOKEN", "TEMPORAL_API_KEY", "UV_PUBLISH_TOKEN", "XDG_SECRET"),
        "Zq7-throwaway-Xy9",
    ),
    **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "UV_INDEX_URL"), "http://user:Zq7-throwaway-Xy9@proxy.example:1"),
    **dict.fromkeys(("LC_SECRET", "SSL_KEY", "TMP_TOKEN", "PATH_TOKEN", "UV_INDEX_CORP_PASSWORD"), "Zq7-throwaway-Xy9"),
}


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script with a #! line")
async def test_no_variable_by_its_beginning_and_no_sign_in_of_a_proxy_reaches_it(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    install(alone, "Path(__file__).with_name('seen').write_text(json.dumps(dict(os.environ)))")
    await resolve_models(["one"], cache=tmp_path / "cache")
    seen = json.loads((alone / "seen").read_text())
    assert "Zq7" not in json.dumps(seen)
    assert seen["HOME"] == seen["FAST_AGENT_HOME"] != os.environ.get("HOME")


async def test_nothing_is_fetched_unless_an_operator_says_so(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uv

    def asked() -> str:
        raise AssertionError("uv was looked for")

    monkeypatch.setattr(uv, "find_uv_bin", asked)
    plans = await resolve_models(["sonnet"], cache=tmp_path / "cache")
    assert plans == [from_table("sonnet")]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("model", "secrets"),
    [
        ("bedrock.us.anthropic.claude-sonnet-4", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
        ("generic.llama3.2:latest", ()),
        ("openresponses.x", ()),
        ("azure.gpt-4.1", ("AZURE_API_KEY",)),
        ("copilot.claude-sonnet-5", ("COPILOT_GITHUB_TOKEN",)),
        ("anthropic-vertex.claude-sonnet-5", ()),
    ],
)
def test_what_fast_agent_says_wrongly_is_corrected_with_a_reason(model: str, secrets: tuple[str, ...]) -> None:
    plan = from_table(model)
    assert plan.secrets == secrets
    assert plan.note
    assert plan.provider in CORRECTIONS


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the very fast-agent that the table was made from, which uv fetches."""
    from uv import find_uv_bin

    uv, place = find_uv_bin(), tmp_path_factory.mktemp("fast-agent") / "venv"
    pythons = [str(path) for path in Path.home().glob(".pyenv/versions/3.13*/bin")]
    environment = {**os.environ, "PATH": os.pathsep.join([os.environ["PATH"], *pythons])}
    wanted = f"fast-agent-mcp=={VERSION}"
    try:
        for command in (
            [uv, "venv", "--quiet", "--python", "3.13", str(place)],
            [uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), wanted],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=280, env=environment)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("no fast-agent here, and uv could not get one")
    return [str(place / "bin" / "fast-agent")]


def ran(command: list[str], folder: Path, **env: str) -> str:
    """What fast-agent says, with nothing in its environment but `env`; it is ended when it would wait for a reply."""
    plain = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "COLUMNS": "2000", "NO_COLOR": "1", "TERM": "dumb"}
    plain |= {"FAST_AGENT_HOME": str(folder), **env}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=plain,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace") + (late.stderr or b"").decode(errors="replace")
    return done.stdout + done.stderr


@pytest.mark.fast_agent
@pytest.mark.timeout(300)
def test_the_table_agrees_with_the_real_fast_agent_for_all_its_providers(real: list[str], tmp_path: Path) -> None:
    models = [f"{provider}.x" for provider in sorted(PROVIDERS - {"copilot"})]
    said = ran([*real, "check", "models", f"--for-model={','.join(models)}", "--json"], tmp_path, COLUMNS="20000")
    resolved = json.loads(said[said.index("{") :], strict=False)["resolved"]
    assert {entry["input"] for entry in resolved} == set(models)
    for entry in resolved:
        plan = from_table(entry["input"])
        assert plan.provider == entry["provider"]
        if plan.provider not in {*CORRECTIONS, "fast-agent"}:
            assert plan.secret == entry["required_env"]


@pytest.mark.fast_agent
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("model", "config", "env", "told"),
    [
        ("generic.x", "", {"GENERIC_BASE_URL": "http://127.0.0.1:9/v1"}, ("rror", "key not configured")),
        (
            "azure.x",
            "azure:\n  base_url: https://x.invalid/\n",
            {"AZURE_OPENAI_API_KEY": "x"},
            ("AZURE_API_KEY", "Retry"),
        ),
        ("azure.x", "azure:\n  base_url: https://127.0.0.1:9/\n", {"AZURE_API_KEY": "x"}, ("rror", "not configured")),
        ("azure.x", "", {"AZURE_API_KEY": "x"}, ("section 'azure'", "not configured")),
        ("bedrock.us.anthropic.x", "", {"BEDROCK_API_KEY": "x"}, ("boto3", "BEDROCK_API_KEY environment")),
        ("copilot.claude-sonnet-5", "", {"COPILOT_API_KEY": "x"}, ("credentials are missing", "Retry")),
        ("openresponses.x", "", {"OPENRESPONSES_BASE_URL": "http://127.0.0.1:9/v1"}, ("rror", "key not configured")),
        ("anthropic-vertex.claude-sonnet-5", "", {}, ("GOOGLE_CLOUD_PROJECT", "API_KEY environment")),
    ],
)
def test_each_correction_is_what_the_program_itself_does(  # noqa: PLR0917 -- a row of the table
    real: list[str], tmp_path: Path, model: str, config: str, env: dict[str, str], told: tuple[str, str]
) -> None:
    (tmp_path / "fast-agent.yaml").write_text(config)
    said = ran([*real, "--no-update-check", "go", "--config-path", "fast-agent.yaml", "--model", model, "-m", "hi",
                "--timeout", "5"], tmp_path, **env)  # fmt: skip
    assert told[0] in said
    assert told[1] not in said
