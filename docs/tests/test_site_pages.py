"""The base of the site: Markdown, what pages ask for, both languages, links."""

from pathlib import Path

import pytest

from batepapo_conformance.words import Language
from batepapo_site import building, code, here, kinds, markdown, pages, parity, telling
from batepapo_site.here import Place
from batepapo_site.markdown import Heading
from batepapo_site.pages import ROOT, Page, data, written
from batepapo_site.trouble import Trouble

ENGLISH, PORTUGUESE = Language.ENGLISH, Language.PORTUGUESE
PLACE = Place("how-to/read-a-failure.md", ENGLISH)

# ---- markdown ----


def test_headings_are_found_but_not_in_code() -> None:
    text = "# One\n\n```\n# a comment\n```\n\n## Two words { #two }\n#hashtag\n"
    assert markdown.headings(text) == [
        Heading(1, "One", None),
        Heading(2, "Two words", "two"),
    ]


def test_a_block_of_code_ends_with_a_fence_like_its_own() -> None:
    text = "````\n```\n# a\n```\n````\n\n# b\n"
    assert [one.title for one in markdown.headings(text)] == ["b"]
    assert markdown.blocks_of_code(text) == ["````\n```\n# a\n```\n````"]


def test_two_blocks_of_code_with_a_line_between_are_two() -> None:
    assert len(markdown.blocks_of_code("```\na\n```\n\n~~~\nb\n~~~\n")) == 2


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The stream", "the-stream"),
        ("O fluxo não é uma fila", "o-fluxo-nao-e-uma-fila"),
        ("5.2 `/ENTRAR nick`: enter", "52-entrar-nick-enter"),
        ("See [the rules](rules.md)", "see-the-rules"),
        ("A -- b", "a-b"),
    ],
)
def test_an_anchor_is_the_one_that_mkdocs_makes(title: str, slug: str) -> None:
    from markdown.extensions.toc import slugify

    shown = title.replace("`", "").replace("[", "").replace("](rules.md)", "")
    assert markdown.slug(title) == slug == slugify(shown, "-")


def test_anchors_are_put_at_headings_in_their_order() -> None:
    text = "# Um\n\n```\n# x\n```\n## Dois { #two }\n"
    changed = markdown.anchored(text, ["one", "second"])
    assert changed == "# Um { #one }\n\n```\n# x\n```\n## Dois { #second }\n"


def test_prose_is_changed_but_no_code_link_or_heading() -> None:
    text = (
        "# a\n\na `a` [a](a) <a href='a'> b\n\n```\na\n```\n| a | `a` |\n"
        "https://example.org/a a\n"
    )
    assert markdown.prose(text, lambda part: part.replace("a", "X")) == (
        "# a\n\nX `a` [a](a) <a href='a'> b\n\n```\na\n```\n| X | `a` |\n"
        "https://example.org/a X\n"
    )


def test_a_bar_in_the_code_of_a_table_needs_no_escape_here() -> None:
    text = "| `a \\| b` | c \\| d |\n\n`a \\| b`\n\n```\n| `a \\| b` |\n```\n"
    changed = "| `a | b` | c \\| d |\n\n`a \\| b`\n\n```\n| `a \\| b` |\n```\n"
    assert markdown.with_plain_tables(text) == changed


def test_a_word_in_braces_in_a_table_is_no_attribute_of_a_cell() -> None:
    text = "| or {quit} | `{quit}` | \\{quit} |\n\n# title { #quit }\n{quit}\n"
    changed = "| or \\{quit} | `{quit}` | \\{quit} |\n\n# title { #quit }\n{quit}\n"
    assert markdown.with_plain_tables(text) == changed


# ---- here ----


def test_what_a_page_asks_for_stands_there_with_the_indentation_of_its_line() -> None:
    asked = '=== "One"\n\n    <!-- here: two-lines x -->\n\nend\n'
    made = here.fill(asked, PLACE, {"two-lines": lambda x, _: f"{x}\n\n{x}  "})
    assert made == '=== "One"\n\n    x\n\n    x  \n\nend\n'


def test_within_a_line_the_rest_of_the_line_stays() -> None:
    made = here.fill("a <!-- here: k --> b", PLACE, {"k": lambda _, __: "K"})
    assert made == "a K b"
    made = here.fill("<!-- here: k --> b", PLACE, {"k": lambda _, __: "K"})
    assert made == "K b"


def test_what_is_put_in_is_not_looked_at_again() -> None:
    text = "<!-- here: k -->\n"
    made = here.fill(text, PLACE, {"k": lambda _, __: "<!-- here: other -->"})
    assert made == "<!-- here: other -->\n"


def test_an_unknown_kind_fails_and_names_the_page() -> None:
    with pytest.raises(Trouble, match=r"read-a-failure.md.*nonsense.*there is k"):
        here.fill("<!-- here: nonsense -->", PLACE, {"k": lambda _, __: ""})


def test_what_there_is_not_fails_and_names_the_page() -> None:
    text = "<!-- here: requirement ENTER-99 -->"
    with pytest.raises(Trouble, match=r"read-a-failure.md.*no requirement ENTER-99"):
        here.fill(text, PLACE, kinds.KINDS)


def test_all_that_a_page_asks_for_is_listed() -> None:
    text = "<!-- here: a b -->\n    <!-- here: c -->\n"
    assert here.asked(text) == ["<!-- here: a b -->", "<!-- here: c -->"]


def test_a_link_leads_up_to_the_root_of_the_site() -> None:
    assert PLACE.to("a/b.md#c") == "../a/b.md#c"
    assert Place("index.md", ENGLISH).to("a/b.md") == "a/b.md"


# ---- code ----

PROGRAM = '''\
LIMIT: int = 3


class Lines:
    """Of octets."""

    @property
    def rest(self) -> bytes:
        """What is left."""
        return b"""
at the margin
"""


async def feed() -> None:
    pass
'''


def test_a_function_is_found_by_its_name_with_its_decorators() -> None:
    rest = '@property\ndef rest(self) -> bytes:\n    """What is left."""\n'
    rest += '    return b"""\nat the margin\n"""'
    assert code.named(PROGRAM, "Lines.rest") == rest
    assert code.named(PROGRAM, "feed") == "async def feed() -> None:\n    pass"
    assert code.named(PROGRAM, "LIMIT") == "LIMIT: int = 3"


@pytest.mark.parametrize("name", ["Lines.more", "rest", "feed.inner", "LIMITS"])
def test_a_renamed_function_fails(name: str) -> None:
    with pytest.raises(Trouble, match=f"nothing is called {name}"):
        code.named(PROGRAM, name)


def test_a_page_that_shows_a_renamed_function_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines.py").write_text("def feed() -> None:\n    pass\n")
    monkeypatch.setattr(code, "ROOT", tmp_path)
    text = "<!-- here: code lines.py {} -->"
    shown = here.fill(text.format("feed"), PLACE, kinds.KINDS)
    assert (
        shown == '```python title="lines.py: feed"\ndef feed() -> None:\n    pass\n```'
    )
    with pytest.raises(Trouble, match=r"read-a-failure.md.*nothing is called fed"):
        here.fill(text.format("fed"), PLACE, kinds.KINDS)
    with pytest.raises(Trouble, match=r"there is no file gone\.py"):
        here.fill("<!-- here: code gone.py feed -->", PLACE, kinds.KINDS)


def test_code_with_a_fence_in_it_stays_one_block() -> None:
    block = code.fenced("a\n```\nb", "text")
    assert block == "````text\na\n```\nb\n````"
    assert markdown.blocks_of_code(block) == [block]


# ---- both languages ----


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page in both languages, in a project of its own, and noted as translated."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(parity, "FILE", tmp_path / "translated.toml")
    files = {language: tmp_path / f"{language}.md" for language in Language}
    files[ENGLISH].write_text("# Title\n\nText.\n\n## One { #one }\n", "utf-8")
    files[PORTUGUESE].write_text("# Título\n\nTexto.\n\n## Um { #one }\n", "utf-8")
    made = Page("how-to/x.md", files)
    parity.confirm([made.name], [made])
    return made


def told(page: Page, language: Language) -> str:
    return telling.told(page, {page.path: page}, language)


def test_a_page_that_is_the_same_in_both_languages_is_no_complaint(page: Page) -> None:
    assert list(parity.complaints([page])) == []
    assert "desatualizada" not in told(page, PORTUGUESE)


def test_a_changed_english_page_is_a_complaint_and_the_other_carries_a_banner(
    page: Page,
) -> None:
    english = page.source(ENGLISH)
    english.write_text(f"{english.read_text('utf-8')}\nMore.\n", "utf-8")
    changed = "pt.md: the English has changed since it was translated"
    assert list(parity.complaints([page])) == [changed]
    lines = told(page, PORTUGUESE).splitlines()
    assert lines[0] == "# Título { #title }"
    assert lines[2] == '!!! warning "Esta página está desatualizada"'
    assert "desatualizada" not in told(page, ENGLISH)
    parity.confirm([page.name], [page])
    assert list(parity.complaints([page])) == []
    assert "desatualizada" not in told(page, PORTUGUESE)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("## Dois { #two }\n", "headings or their anchors differ"),
        ("<!-- here: error 02 -->\n", "what is included differs"),
        ("```\ncode\n```\n", "blocks of code differ"),
    ],
)
def test_what_only_one_language_has_is_a_complaint(
    page: Page, more: str, complaint: str
) -> None:
    portuguese = page.source(PORTUGUESE)
    portuguese.write_text(f"{portuguese.read_text('utf-8')}\n{more}", "utf-8")
    (said,) = parity.complaints([page])
    assert said.startswith(f"how-to/x.md: {complaint}")


def test_what_a_page_of_the_reference_asks_for_is_compared(page: Page) -> None:
    # Of the specification it is not: in English its tables stand in the text.
    more = f"{page.source(PORTUGUESE).read_text('utf-8')}\n<!-- here: labs -->\n"
    page.source(PORTUGUESE).write_text(more, "utf-8")
    of_reference = Page("reference/errors.md", page.sources)
    assert len(list(parity.complaints([of_reference]))) == 1
    of_specification = Page("reference/specification/x.md", page.sources)
    assert list(parity.complaints([of_specification])) == []


def test_a_page_without_translation_stands_there_in_english_and_says_so(
    page: Page,
) -> None:
    page.source(PORTUGUESE).unlink()
    (said,) = parity.complaints([page])
    assert "lacks pt.md" in said
    assert told(page, PORTUGUESE).startswith("# Title { #title }")


def test_a_page_in_portuguese_alone_is_not_built(page: Page) -> None:
    page.source(ENGLISH).unlink()
    (said,) = parity.complaints([page])
    assert "lacks en.md" in said
    with pytest.raises(Trouble, match=r"how-to/x.md: there is no English"):
        told(page, PORTUGUESE)


def test_a_note_about_no_page_is_a_complaint(page: Page) -> None:
    (said,) = parity.complaints([])
    assert said.endswith("pt.md is no page")
    with pytest.raises(Trouble, match=r"there is no page docs/pt/nothing\.md"):
        parity.confirm(["docs/pt/nothing.md"], [page])


def test_anchors_are_those_of_the_english_page_and_each_is_another(page: Page) -> None:
    page.source(ENGLISH).write_text("# T\n## A b\n## A b\n", "utf-8")
    page.source(PORTUGUESE).write_text("# T\n## Á\n## É\n", "utf-8")
    assert "## Á { #a-b }\n## É { #a-b_1 }" in told(page, PORTUGUESE)


# ---- pages, and links to files ----


def led(text: str, path: str, language: Language = ENGLISH) -> str:
    """A text as it would stand on a page that there is."""
    page = written()[path]
    source = page.source(language)
    return telling.leading(text, page, written(), source, language)


def test_a_link_to_a_file_of_the_project_leads_to_its_page() -> None:
    lab = "labs/01-framing.md"
    assert led("[a](../02-entering/en.md#x)", lab) == "[a](02-entering.md#x)"
    assert led("[a](../02-entering/pt.md)", lab, PORTUGUESE) == "[a](02-entering.md)"
    chapter = "[a](../reference/specification/05-commands.md)"
    assert led("[a](../../spec/05-commands.md)", lab) == chapter
    assert led("[a](../../spec/pt/05-commands.md)", lab, PORTUGUESE) == chapter
    assert led("[a](rubric.en.md)", "teachers/notes.md") == "[a](rubric.md)"


def test_a_link_to_code_becomes_its_name() -> None:
    lab = "labs/01-framing.md"
    assert led("[the solution](solution/server.py)", lab) == (
        "the solution (`labs/01-framing/solution/server.py`)"
    )
    path = "labs/01-framing/solution/server.py"
    assert led(f"[`{path}`](solution/server.py)", lab) == f"`{path}`"


def test_a_link_may_go_on_in_the_next_line_but_not_in_the_next_paragraph() -> None:
    lab = "labs/01-framing.md"
    assert led("[a\nb](../02-entering/en.md)", lab) == "[a\nb](02-entering.md)"
    two = "[a\n\nb](../02-entering/en.md)"
    assert led(two, lab) == two


def test_a_link_to_a_heading_by_its_title_leads_to_the_anchor_of_both(
    page: Page,
) -> None:
    page.source(ENGLISH).write_text("# T\n## When in doubt\n[a](#when-in-doubt)\n")
    page.source(PORTUGUESE).write_text("# T\n## Se há dúvida\n[a](#se-há-dúvida)\n")
    for language in Language:
        assert "[a](#when-in-doubt)" in told(page, language)


def test_other_links_and_code_stay_as_they_are() -> None:
    text = "[a](https://example.org/) [b](#here) ![c](../x.svg)\n\n```\n[d](en.md)\n```"
    assert led(text, "labs/01-framing.md") == text


def test_every_file_of_the_site_exists_and_none_is_a_page() -> None:
    assert all(file.is_file() for file in data().values())
    assert not data().keys() & written().keys()
    assert all(ROOT in file.parents for file in data().values())


def test_a_page_and_what_is_made_never_have_one_path() -> None:
    assert not written().keys() & building.GENERATED.keys()


def test_a_link_that_leads_nowhere_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in Language:
        folder = tmp_path / "docs" / language
        folder.mkdir(parents=True)
        (folder / "index.md").write_text("# A page\n\n[gone](gone.md)\n")
        (tmp_path / f"{language}.yml").write_text(
            f"site_name: x\ndocs_dir: docs/{language}\nsite_dir: built/{language}\n"
        )
    files = {language: f"{language}.yml" for language in Language}
    monkeypatch.setattr(building, "_CONFIGURATIONS", files)
    monkeypatch.setattr(building, "ROOT", tmp_path)
    monkeypatch.setattr(building, "BUILT", tmp_path / "built")
    monkeypatch.setattr(building, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(building, "lay_out", lambda: None)
    with pytest.raises(Trouble, match=r"(?s)not built: en.*gone\.md.*not built: pt"):
        building.build()
    (tmp_path / "docs" / "index.html").touch()
    building.build(strict=False)
