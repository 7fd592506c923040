"""A zip that Gradescope takes as an autograder: it marks each submission by itself.

In its root stand `setup.sh`, which is run once to build the image, and
`run_autograder`, which is run for each submission:
https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import tomlkit

from batepapo_conformance.results import Status
from batepapo_labs import lessons
from batepapo_labs.commands import Context
from batepapo_labs.grading.commands import plan_from
from batepapo_labs.grading.plan import Plan
from batepapo_labs.grading.settings import Settings
from batepapo_labs.telling import Teller
from batepapo_labs.trouble import Trouble

SETUP: Final = """\
#!/usr/bin/env bash
# Run once by Gradescope, to build the image in which submissions are marked.
set -euo pipefail
source="${AUTOGRADER_ROOT:-/autograder}/source"

apt-get update
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    apt-get install -y "$python" "$python-venv" || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && break
    python=""
done
if [ -z "${python:-}" ]; then
    echo "Python 3.11 or newer is needed: choose a newer Ubuntu image" >&2
    exit 1
fi

"$python" -m venv "$source/venv"
"$source/venv/bin/python" -m pip install REQUIREMENT
# A submission runs as another user, who may read this but not how it is marked.
chmod -R go+rX "$source/venv"
chmod 600 "$source/grading.toml"
"""

RUN: Final = """\
#!/usr/bin/env bash
# Run by Gradescope for each submission; writes results/results.json.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
python="${BATEPAPO_PYTHON:-$root/source/venv/bin/python}"
CAN_BE='import sys
from batepapo_labs.grading.isolation import can_be
sys.exit(not can_be(61000))'

# As a user of its own, a submission can neither read how it is marked nor mark itself.
users=()
if [ "$(id -u)" = 0 ] && "$python" -c "$CAN_BE"; then
    users=(--users 61000)
else
    echo "marked as user $(id -u): a submission could see how" >&2
fi
exec "$python" -m batepapo grade "$root/submission" --single \\
    --config "$root/source/grading.toml" --gradescope "$root/results" \\
    ${users[@]+"${users[@]}"}
"""

_EXECUTABLE: Final = 0o100755 << 16  # as a zip file has it: a file's mode on Unix
_READABLE: Final = 0o100644 << 16
_BUILDING: Final = 600.0  # seconds


def write(context: Context, path: Path, settings: Settings) -> Status:
    """Write the zip.

    Raises:
        Trouble: it cannot be written, or what goes into it cannot be made.
    """
    plan = plan_from(context, settings)
    with tempfile.TemporaryDirectory(prefix="batepapo-wheel-") as named:
        wheel = _wheel(Path(named))
        if wheel is None:
            version = importlib.metadata.version("batepapo")
            requirement = f'"batepapo=={version}"'
        else:
            _must_have(wheel, plan)
            requirement = f'"$source/{wheel.name}"'
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                setup = SETUP.replace("REQUIREMENT", requirement)
                _put(archive, "setup.sh", setup, _EXECUTABLE)
                _put(archive, "run_autograder", RUN, _EXECUTABLE)
                _put(archive, "grading.toml", _config(settings, plan), _READABLE)
                if wheel is not None:
                    archive.write(wheel, wheel.name)
        except OSError as error:
            raise Trouble("cannot_write", path=path, why=error.strerror) from error
    words = context.words()
    Teller(context.out, words).say(words("grade.written", path=path))
    return Status.PASSED


def _put(archive: zipfile.ZipFile, name: str, text: str, mode: int) -> None:
    about = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    about.external_attr = mode
    about.create_system = 3  # Unix, wherever the zip is made: so the mode counts
    archive.writestr(about, text)


def _config(settings: Settings, plan: Plan) -> str:
    """All that was asked for, as a `grading.toml`."""
    said: dict[str, Any] = {
        "labs": ",".join(str(one.lesson.number) for one in plan.labs),
        "out-of": settings.out_of,
        "time-limit": settings.time_limit,
        "time-factor": settings.time_factor,
        "seed": settings.seed,
        "detail": settings.detail,
        "lang": settings.lang,
        "leave-out": list(settings.leave_out),
        "ignore-their-commands": settings.ignore_their_commands,
        **settings.commands,
        "weights": {str(one.lesson.number): one.weight for one in plan.labs},
    }
    return tomlkit.dumps(
        {
            name: value
            if isinstance(value, bool | int | float | list | dict)
            else str(value)
            for name, value in said.items()
            if value is not None
        }
    )


def _wheel(folder: Path) -> Path | None:
    """Build a wheel of the clone from which this runs; `None` if it is none.

    Raises:
        Trouble: it cannot be built.
    """
    root = lessons.folder().parent
    if not (root / "pyproject.toml").is_file():
        return None
    # What builds it need not be fetched if it is here.
    offline = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    command: Sequence[str] = [
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"),
        *("--disable-pip-version-check", "--wheel-dir", str(folder), *offline),
        str(root),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_BUILDING, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble("grade.no_wheel", why=error) from error
    built = list(folder.glob("*.whl"))
    if done.returncode or not built:
        why = done.stderr.strip().rpartition("\n")[2] or done.returncode
        raise Trouble("grade.no_wheel", why=why)
    return built[0]


def _must_have(wheel: Path, plan: Plan) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    lacking = [
        str(one.lesson.number)
        for one in plan.labs
        if f"batepapo_labs/labs/{one.lesson.name}/lab.toml" not in names
    ]
    if lacking:
        raise Trouble("grade.wheel_lacks", labs=", ".join(lacking))
