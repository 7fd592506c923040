"""A zip that Gradescope takes as an autograder: it marks each submission by itself.

In its root stand `setup.sh`, which is run once to build the image, and
`run_autograder`, which is run for each submission:
https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import base64
import csv
import email
import hashlib
import importlib.metadata
import importlib.util
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
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

export DEBIAN_FRONTEND=noninteractive  # nobody is there to be asked
apt-get update
found=""
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if apt-get install -y "$python" "$python-venv" &&
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        found="$python"
        break
    fi
done
if [ -z "$found" ]; then
    echo "Python 3.11 or newer is needed: choose a newer Ubuntu image" >&2
    exit 1
fi
PACKAGES
"$found" -m venv "$source/venv"
"$source/venv/bin/python" -m pip install "$source/WHEEL"
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
# A container has less than the processors that it sees: so --jobs is said.
exec "$python" -m batepapo grade "$root/submission" --single --jobs JOBS \\
    --config "$root/source/grading.toml" --gradescope "$root/results" \\
    ${users[@]+"${users[@]}"}
"""

_PACKAGES: Final = """
# What submissions in other languages need.
apt-get install -y {names}
"""

SECONDS: Final = 540.0
"""For a submission, if nothing is said. Gradescope ends a run after ten minutes if it
is not told otherwise, and then nothing of what had passed by then counts."""

_THEIRS: Final = 600.0  # seconds: those ten minutes
_JOBS: Final = 2

_EXECUTABLE: Final = 0o100755 << 16  # as a zip file has it: a file's mode on Unix
_READABLE: Final = 0o100644 << 16
_BUILDING: Final = 600.0  # seconds

# What an installer has put beside a package, and is none of its own.
_INSTALLED: Final = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


def write(
    context: Context,
    path: Path,
    settings: Settings,
    *,
    jobs: int | None = None,
    install: Sequence[str] = (),
) -> Status:
    """Write the zip.

    Args:
        context: who asks.
        path: the zip.
        settings: how submissions are marked.
        jobs: checks at the same time.
        install: packages of Ubuntu that submissions need.

    Raises:
        Trouble: it cannot be written, or what goes into it cannot be made.
    """
    plan = plan_from(context, settings)
    words = context.words()
    seconds = SECONDS if settings.time_limit is None else settings.time_limit
    settings = replace(settings, lang=words.language, time_limit=seconds)
    with tempfile.TemporaryDirectory(prefix="batepapo-wheel-") as named:
        wheel = _wheel(Path(named))
        _must_have(wheel, plan)
        packages = _PACKAGES.format(names=" ".join(install)) if install else ""
        setup = SETUP.replace("PACKAGES\n", f"{packages}\n")
        setup = setup.replace("WHEEL", wheel.name)
        run = RUN.replace("JOBS", str(jobs or _JOBS))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                _put(archive, "setup.sh", setup, _EXECUTABLE)
                _put(archive, "run_autograder", run, _EXECUTABLE)
                _put(archive, "grading.toml", _config(settings, plan), _READABLE)
                archive.write(wheel, wheel.name)
        except OSError as error:
            raise Trouble("cannot_write", path=path, why=error.strerror) from error
    teller = Teller(context.out, words)
    teller.say(words("grade.written", path=path))
    if seconds >= _THEIRS:
        teller.say(words("grade.longer", seconds=f"{seconds:g}"))
    return Status.PASSED


def _put(archive: zipfile.ZipFile, name: str, content: str | bytes, mode: int) -> None:
    about = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    about.external_attr = mode
    about.create_system = 3  # Unix, wherever the zip is made: so the mode counts
    archive.writestr(about, content, zipfile.ZIP_DEFLATED)


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


def _wheel(folder: Path) -> Path:
    """This package as a wheel: of the clone from which it runs, or as it is installed.

    Raises:
        Trouble: it cannot be made.
    """
    root = lessons.folder().parent
    if (root / "pyproject.toml").is_file():
        return _built(root, folder)
    return _put_together(importlib.metadata.distribution("batepapo"), folder)


def _put_together(installed: importlib.metadata.Distribution, folder: Path) -> Path:
    """Make the wheel again from which this was installed.

    Raises:
        Trouble: some of what was installed is gone.
    """
    about = f"batepapo-{installed.version}.dist-info"
    tag = email.message_from_string(installed.read_text("WHEEL") or "")["Tag"]
    # Not `files`: from Python 3.12 on it leaves out what is gone.
    listed = installed.read_text("RECORD")
    if tag is None or listed is None:
        raise Trouble("grade.no_wheel", why=f"{about}/WHEEL, {about}/RECORD")
    path = folder / f"batepapo-{installed.version}-{tag}.whl"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, *_ in csv.reader(listed.splitlines()):
                file = PurePosixPath(name)
                ours = file.parts[0] != about or file.name not in _INSTALLED
                # What lies outside are the commands, which installing makes again.
                if not ours or ".." in file.parts or file.suffix == ".pyc":
                    continue
                octets = Path(str(installed.locate_file(file))).read_bytes()
                _put(wheel, file.as_posix(), octets, _READABLE)
                digest = base64.urlsafe_b64encode(hashlib.sha256(octets).digest())
                sha = digest.decode("ascii").rstrip("=")
                rows.writerow([file.as_posix(), f"sha256={sha}", len(octets)])
            rows.writerow([f"{about}/RECORD", "", ""])
            _put(wheel, f"{about}/RECORD", record.getvalue(), _READABLE)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
        raise Trouble("grade.no_wheel", why=why) from error
    return path


def _built(root: Path, folder: Path) -> Path:
    """Build a wheel of the clone.

    Raises:
        Trouble: it cannot be built.
    """
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
