"""What reads strangers' texts has nothing of the server's, and can be made neither to stay nor to take more."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.apart.call import LITTLE, apart
from jobs.commands.justfile import recipes
from jobs.planning.required_secrets import needs
from tests.jobs.apart.readings import header, refused, surroundings
from tests.mcp_session import data, environment, over_stdio

VALUE = "tango-9931-foxtrot-whisky"
MUCH = LITTLE + 1
#: What Python looks for when it starts a module by its name; a folder that was cloned may hold all of them.
SHADOWS = ("anyio", "pickle", "struct", "os", "ast", "jobs", "encodings", "site", "sitecustomize", "typing")


@pytest.mark.anyio
@pytest.mark.promise("S11")
async def test_a_long_text_is_read_without_the_servers_variables_and_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", VALUE)
    found = await apart(surroundings, size=MUCH)
    assert found is not None
    variables, folder, limits = found
    assert VALUE not in str(variables)
    assert not {"HOME", "PATH"} & set(variables)
    assert folder == "/"
    assert limits == [0, 0]


@pytest.mark.anyio
@pytest.mark.promise("S11")
async def test_nothing_in_the_working_folder_is_run(tmp_path: Path) -> None:
    told = tmp_path / "told"
    folder = tmp_path / "cloned"
    folder.mkdir()
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(f"import os\nopen({str(told)!r}, 'a').write(str(os.environ))\n")
    home = tmp_path / "home"
    home.mkdir()
    env = environment(home, API_KEY=VALUE)
    async with over_stdio(env, cwd=folder) as client:
        script = "import os\nos.environ['MY_TOKEN']\n" * LITTLE
        planned = data(await client.call_tool("plan_secrets", {"script": script, "models": ["sonnet"]}))
    assert "MY_TOKEN" in {one["name"] for one in planned["candidates"]}
    assert not told.exists()


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["." * 100_000, "KEY_" + "N_" * 50_000, "KEY" + "_" * 100_000, "pass" * 25_000])
async def test_a_name_and_a_value_beside_it_are_looked_at_once(text: str) -> None:
    assert await apart(refused, text, "MY_API_KEY", size=MUCH) in {"passed", "refused"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "line", ["a" * 9_000 + "=" * 9_000, "a " + "\t" * 20_000 + "=", "x:\n  {{" + "\t" * 20_000, "+" * 20_000 + ":"]
)
async def test_a_line_of_a_justfile_is_gone_through_once(line: str) -> None:
    assert await apart(recipes, line, ["x"], {}, size=MUCH) is not None
    wrapped = f"x := env_var('A',{chr(9) * 20_000}\n\ny:\n\techo\n"
    assert await apart(recipes, wrapped, ["y"], {}, size=MUCH) is not None


@pytest.mark.anyio
@pytest.mark.parametrize("line", ["a." * 200_000 + "b=1", "x = " + "[" * 100_000, "x = " + "[" * 9_000])
async def test_a_header_is_refused_rather_than_read_for_minutes(line: str) -> None:
    text = f"# /// script\n# {line}\n# [tool.hf-jobs]\n# ///\nprint(1)\n"
    assert await apart(header, text, size=MUCH) == "refused"


@pytest.mark.anyio
@pytest.mark.parametrize("size", [LITTLE, MUCH])
@pytest.mark.parametrize("script", ["x=" + "a" + ".b" * 1_900, "x=" + "a+" * 1_900 + "b"], ids=["names", "sums"])
async def test_a_tree_that_is_too_deep_to_follow_is_nobodys_failure(script: str, size: int) -> None:
    assert await apart(needs, None, script, {}, {}, size=size) is None
