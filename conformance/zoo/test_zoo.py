"""Every server of the zoo fails, and the first rule named is the one it breaks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECK = [sys.executable, "-m", "batepapo", "check", "server"]
BROKEN = {
    "one_read_one_line": "FRAME-3",
    "reads_not_joined": "FRAME-3",
    "few_served": "SERVE-1",
    "error_lost_in_reset": "CLOSE-1",
    "nick_stays_taken": "ENTER-5",
    "list_without_owner": "LIST-1",
    "no_echo": "PUBLIC-1",
    "slow_reader_stalls": "SLOW-1",
    "partial_line_carried_out": "EOF-2",
    "two_orders": "ORDER-1",
}


def test_every_server_of_the_zoo_is_known() -> None:
    files = {file.stem for file in HERE.glob("*.py") if file != Path(__file__)}
    assert files == set(BROKEN)
    table = (HERE / "README.md").read_text(encoding="utf-8")
    for name, rule in BROKEN.items():
        assert f"| `{name}.py` |" in table
        assert f"| {rule} |" in table.split(f"`{name}.py` |")[1].splitlines()[0] + "|"


@pytest.mark.parametrize("name", BROKEN)
def test_the_first_rule_named_is_the_one_it_breaks(name: str, tmp_path: Path) -> None:
    testee = tmp_path / "testee.toml"
    command = f'"{sys.executable}" "{HERE / name}.py" {{address}} {{port}}'
    testee.write_text(f"command = '{command}'\noptions = 'contract'\n")
    run = subprocess.run(
        [*CHECK, "--json", "--testee", testee],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    assert json.loads(run.stdout)["broken"][0] == BROKEN[name]
