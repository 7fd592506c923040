"""A course of three tiny labs: the checker is tested apart from the real ones."""

import io
from pathlib import Path

import pytest

from batepapo_conformance.words import Language, Words
from batepapo_labs.checking import Asked, Outcome, check
from batepapo_labs.folder import TABLES, Folder, begin
from batepapo_labs.lessons import Course, read

ENGLISH, PORTUGUESE = (Words(one, TABLES) for one in Language)

_SERVER = """
import socket
import sys

listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print(f"listening at SHOWN", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(b"GREETING\\n")
"""
GREETS = _SERVER.replace("GREETING", "BATEPAPO 1 mine")
RUDE = _SERVER.replace("GREETING", "USUARIOS 0").replace(
    "SHOWN", "127.0.0.1:{sys.argv[2]}"
)
CARELESS = GREETS.replace("SHOWN", "127.0.0.1:{sys.argv[2]}")
RIGHT = GREETS.replace("SHOWN", "127.0.0.1:{listener.getsockname()[1]}")
"""Servers: one greets wrongly; one does not know which port it got; one is right."""

_FIRST = """
number = 1
title.en = "A greeting"
title.pt = "Uma saudação"
idea.en = "The server speaks first."
idea.pt = "O servidor fala primeiro."
role = "server"
program = "server.py"
starts-from = "nothing"
about = ["GREET-1"]

[[step]]
title.en = "It greets"
title.pt = "Ele saúda"
checks = ["test_the_software_is_one_token"]

[[hint]]
rule = "GREET-1"
en = ["Who speaks first?", "Look at section 5.1.", "BATEPAPO, a space, 1."]
pt = ["Quem fala primeiro?", "Olhe a seção 5.1.", "BATEPAPO, um espaço, 1."]
"""

_SECOND = """
number = 2
title.en = "A port"
title.pt = "Uma porta"
idea.en = "Port 0 lets the system choose."
idea.pt = "Com a porta 0, o sistema escolhe."
role = "server"
program = "server.py"
starts-from = "01-greeting"
about = ["RUN-3"]

[[step]]
title.en = "It listens where it is told"
title.pt = "Ele escuta onde se manda"
checks = ["test_address_and_port_are_its_arguments"]

[[step]]
title.en = "It says which port it was given"
title.pt = "Ele diz que porta recebeu"
checks = ["test_port_0_is_chosen_by_the_system"]

[[step]]
title.en = "It says who it is"
title.pt = "Ele diz quem é"
checks = ["test_the_software_is_one_token"]
"""

_THIRD = """
number = 3
title.en = "A drawing"
title.pt = "Um desenho"
idea.en = "Not everything is a server."
idea.pt = "Nem tudo é um servidor."
role = "session"
program = "drawing.txt"
starts-from = "nothing"
about = []
"""

_FILES = {
    "01-greeting": {"lab.toml": _FIRST, "starter": RUDE, "solution": CARELESS},
    "02-port": {"lab.toml": _SECOND, "solution": RIGHT},
    "03-drawing": {"lab.toml": _THIRD},
}


def course(where: Path) -> Course:
    """Write the labs there, and read them."""
    for name, files in _FILES.items():
        lab = where / name
        for part, text in files.items():
            file = lab / part if part == "lab.toml" else lab / part / "server.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for language in Language:
            (lab / f"{language}.md").write_text(f"# {name}\n", encoding="utf-8")
    (where / "02-port" / "starter").mkdir()
    (where / "02-port" / "starter" / "notes.txt").write_text("Think.\n")
    return read(where)


def student(path: Path, labs: Course, number: int, program: str = "") -> Folder:
    """A student's folder at this lab, with this program if it is not the starter."""
    folder, _ = begin(path, labs, labs.lesson(number), Language.ENGLISH)
    if program:
        (path / "server.py").write_text(program, encoding="utf-8")
    return folder


def checked(
    folder: Folder, labs: Course, asked: Asked | None = None, words: Words = ENGLISH
) -> Outcome:
    """Check the current lab."""
    return check(
        folder,
        labs,
        labs.lesson(folder.lab),
        asked or Asked(),
        words=words,
        out=io.StringIO(),
    )


@pytest.fixture(scope="session", name="labs")
def made_up_labs(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The three labs."""
    return course(tmp_path_factory.mktemp("course"))
