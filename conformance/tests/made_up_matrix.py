"""A kill matrix made by hand, in the form that `kill_matrix.py` documents."""

from typing import Any

# Who breaks what, and which checks fail with which rule named.
_HOW = {
    "no_echo": ("threaded", "PUBLIC-1", {"echo": "PUBLIC-1", "all_hear": "PUBLIC-1"}),
    "echo_lost": ("asyncio", "PUBLIC-1", {"echo": "PUBLIC-1", "all_hear": "PUBLIC-1"}),
    "echo_late": ("asyncio", "ORDER-2", {"echo": "ORDER-2", "replies": "ORDER-2"}),
    "one_recv": (
        "threaded",
        "FRAME-3",
        {"cut": "FRAME-3", "joined": "FRAME-3", "echo": "FRAME-3", "list": "FRAME-3"},
    ),
    "reads_not_joined": (
        "asyncio",
        "FRAME-3",
        {"cut": "FRAME-3", "echo": "FRAME-3", "list": "FRAME-3"},
    ),
    "no_owner": ("threaded", "LIST-1", {"list": "LIST-1", "replies": "LIST-1"}),
    "silent": (
        "threaded",
        "GREET-1",
        dict.fromkeys(
            ("greet", "echo", "all_hear", "list", "cut", "joined"), "GREET-1"
        ),
    ),
    "bad_list_end": ("asyncio", "LIST-2", {"long_list": "LIST-2"}),
}

CHECKS = sorted({f"test_{name}" for _, _, how in _HOW.values() for name in how})


def _specimen(name: str, base: str, rule: str, how: dict[str, str]) -> dict[str, Any]:
    failures = [
        {
            "check": f"test_{check}",
            "variant": "",
            "rule": blamed,
            "level": "MUST",
            "requirements": [rule],
        }
        for check, blamed in how.items()
    ]
    return {
        "name": name,
        "role": "server",
        "base": base,
        "rule": rule,
        "legal": False,
        "does": {"en": f"does {name}", "pt": f"faz {name}"},
        "why": {"en": "Because <b>.", "pt": "Porque <b>."},
        "verdict": "killed" if failures else "survived",
        "first": failures[0]["rule"] if failures else None,
        "failures": failures,
        "passed": 10,
        "unjudged": 0,
        "faults": [],
        "seconds": 1.5,
    }


def _legal(name: str) -> dict[str, Any]:
    one = _specimen(name, "asyncio", "LIST-2", {})
    return one | {"legal": True, "verdict": "passed"}


def matrix() -> dict[str, Any]:
    """A matrix of a few servers, one of which is not found."""
    specimens = [_specimen(name, *how) for name, how in _HOW.items()]
    specimens += [
        _specimen("not_found", "asyncio", "ENTER-3", {}),
        _legal("one_a_line"),
    ]
    return {
        "format": "batepapo/kill-matrix/1",
        "about": {"suite": "0.1.0"},
        "began": "2026-11-21T10:00:00Z",
        "seconds": 12.0,
        "seed": 7,
        "complete": True,
        "specimens": specimens,
        "requirements": [
            {
                "id": rule,
                "role": "server",
                "level": "MUST",
                "killers": [{"specimen": name, "check": "test_echo"}],
            }
            for name, (_, rule, _) in _HOW.items()
        ],
        "checks": [
            {
                "name": check,
                "role": "server",
                "requirements": ["PUBLIC-1"],
                "kills": [
                    one["name"]
                    for one in specimens
                    if any(each["check"] == check for each in one["failures"])
                ],
            }
            for check in CHECKS
        ],
        "defects": [
            {"kind": "survivor", "subject": "not_found", "text": "no check fails"}
        ],
    }
