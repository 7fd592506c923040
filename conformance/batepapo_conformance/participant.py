"""A client under the suite's control: what it sends, and what it insists on.

Every expectation takes the id of the rule on which that step relies, and has a
deadline. A step that fails blames that rule, whatever the check is about; so the
defaults here are the rules of the plain case, and a check names its own.
"""

import re
from collections.abc import Sequence

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.speaker import Speaker, line_of

_PLACEHOLDER = re.compile("(<(?:time|origin|software|explanation|reason)>)")
_TO_THE_END = frozenset({"<explanation>", "<reason>"})


def fits(form: str, line: str) -> bool:
    """Whether a line that the grammar derives has a form.

    In a form, `<time>`, `<origin>`, `<software>`, `<explanation>` and `<reason>`
    stand for any value; everything else stands for itself.
    """
    place = 0
    for part in _PLACEHOLDER.split(form):
        if part in _TO_THE_END:
            return place < len(line)
        if _PLACEHOLDER.fullmatch(part):
            end = line.find(" ", place)
            end = len(line) if end < 0 else end
            if end == place:
                return False
            place = end
        elif line.startswith(part, place):
            place += len(part)
        else:
            return False
    return place == len(line)


def _told_by(message: codec.ServerMessage, form: str) -> str | None:
    """Give the rule that a message in place of a form breaks, if it tells that itself.

    A line was read well and judged by its state first; somebody left under another
    origin; or what came is the right event with another time than somebody else saw.
    """
    match form.split(" "), message:
        case ["ERRO", "03", "sintaxe", *_], codec.Refused(code="03", subject="estado"):
            return "STATE-4"
        case [_, time, *_], codec.Entered() | codec.Left() | codec.Said() if (
            _fits_but_for(time, form, message)
        ):
            return "EVENT-1"
        case ["SAIU", _, origin, *_], codec.Left(origin=other) if origin.startswith(
            f"{other.nick}@"
        ):
            return "LEAVE-4"
        case _:
            return None


def _fits_but_for(time: str, form: str, event: codec.ServerMessage) -> bool:
    any_time = form.replace(time, "<time>", 1)
    return fits(any_time, line_of(event).decode("ascii"))


class Participant(Speaker):
    """A speaker that insists on what it hears (see `Speaker` for what it takes)."""

    def expect(
        self, form: str, rule: str, *, within: float | None = None
    ) -> codec.ServerMessage:
        """Insist that the next line has a form (see `fits`); give what it says."""
        message = self.read(form, rule, within)
        line = line_of(message)
        if not fits(form, line.decode("ascii")):
            raise RuleBroken(self.blamed(rule, form, message), form, line)
        return message

    def blamed(self, rule: str, form: str, message: codec.ServerMessage) -> str:
        """Give the rule that is broken when a message comes in place of a form.

        It is the rule of the step, unless the message itself tells another, or
        somebody else's public message was due and what came belongs after it: then
        that has been lost or overtaken.
        """
        if isinstance(message, codec.Left) and str(message.origin) in self.gone:
            return "LEAVE-4"
        if told := _told_by(message, form):
            return told
        origin = form.split(" ")[2] if form.startswith("PUBLICA ") else self.origin
        if origin == self.origin:
            return rule
        match message:
            case codec.Left() if str(message.origin) == origin:
                return "ORDER-1"
            case codec.Whispered() if str(message.origin) == origin:
                return "ORDER-2"
            case codec.Said() if str(message.origin) != origin:
                known = {one.origin for one in self.scene.everyone}
                return "ORDER-1" if str(message.origin) in known else rule
            case _:
                return rule

    def expect_greeting(self, rule: str = "GREET-1") -> codec.Greeting:
        """Insist on the greeting."""
        message = self.expect("BATEPAPO 1 <software>", rule)
        assert isinstance(message, codec.Greeting)
        return message

    def expect_list(
        self, nicks: Sequence[str] | None = None, rule: str = "LIST-1"
    ) -> list[str]:
        """Insist on a whole list, of these nicks in this order unless `None`.

        A list that is wrong in itself breaks LIST-2; other nicks break `rule`.
        """
        expected = "USUARIOS ..." if nicks is None else _list_of(nicks)
        message = self.read(expected, rule)
        if not isinstance(message, codec.Participants):
            raise RuleBroken(rule, expected, line_of(message))
        found = list(message.nicks)
        while remaining := message.remaining:
            form = f"a further line of the list, {remaining} nicks are to come"
            message = self.read(form, "LIST-2")
            if (
                not isinstance(message, codec.Participants)
                or message.remaining != remaining - len(message.nicks)
                or not message.nicks
            ):
                raise RuleBroken("LIST-2", form, line_of(message))
            found += message.nicks
        if nicks is not None and found != list(nicks):
            raise RuleBroken(rule, _list_of(nicks), _list_of(found).encode("ascii"))
        return found

    def expect_entered(
        self, who: "Participant", rule: str = "ENTER-1"
    ) -> codec.Entered:
        """Insist on the `ENTROU` of somebody."""
        message = self.expect(f"ENTROU <time> {who.origin}", rule)
        assert isinstance(message, codec.Entered)
        self.gone.discard(who.origin)
        return message

    def expect_left(
        self,
        who: "Participant",
        rule: str = "LEAVE-3",
        *,
        within: float | None = None,
    ) -> codec.Left:
        """Insist on the `SAIU` of somebody."""
        message = self.expect(
            f"SAIU <time> {who.origin} :<reason>", rule, within=within
        )
        assert isinstance(message, codec.Left)
        who.inside = False
        self.gone.add(who.origin)
        return message

    def expect_public(
        self, who: "Participant", text: str, rule: str = "PUBLIC-1"
    ) -> codec.Said:
        """Insist on what somebody said to all."""
        message = self.expect(f"PUBLICA <time> {who.origin} :{text}", rule)
        assert isinstance(message, codec.Said)
        return message

    def expect_private(
        self, who: "Participant", text: str, rule: str = "PRIVATE-1"
    ) -> codec.Whispered:
        """Insist on what somebody said to this participant alone."""
        message = self.expect(f"PRIVADA <time> {who.origin} :{text}", rule)
        assert isinstance(message, codec.Whispered)
        return message

    def expect_sent(self, nick: str, rule: str = "PRIVATE-1") -> None:
        """Insist on the acknowledgement of a private message."""
        self.expect(f"ENVIADA {nick}", rule)

    def expect_error(
        self, code: str, subject: str, rule: str, *, within: float | None = None
    ) -> codec.Refused:
        """Insist on an `ERRO`."""
        form = f"ERRO {code} {subject} :<explanation>"
        message = self.expect(form, rule, within=within)
        assert isinstance(message, codec.Refused)
        return message

    def expect_closed(
        self, rule: str, *, more: str | None = None, within: float | None = None
    ) -> None:
        """Insist that the server ends its stream now, in order (CLOSE-1).

        Args:
            rule: the rule that is broken when the stream goes on.
            more: the rule that a further line breaks, if it is another one.
            within: seconds, instead of the usual ones.
        """
        expected = "the end of the stream, and nothing before it"
        got = self.listen(expected, rule, within)
        if isinstance(got, bytes):
            raise RuleBroken(more or rule, expected, got.removesuffix(b"\n"))
        self.inside = False

    def expect_forced_out(
        self, cause: str, rule: str, *, within: float | None = None
    ) -> codec.Refused:
        """Insist on `ERRO 03 cause` as the last line, and on the close after it."""
        error = self.expect_error("03", cause, rule, within=within)
        self.expect_closed("ERROR-1", more="STATE-3")
        return error

    def expect_maybe_forced_out(self, cause: str, rule: str) -> None:
        """Insist on the close, with or without `ERRO 03 cause` before it."""
        expected = f"the end of the stream, or ERRO 03 {cause} :<explanation> before it"
        first = self.listen(expected, rule)
        if isinstance(first, bytes):
            self.connection.put_back(first)
            self.expect_forced_out(cause, rule)

    # ---- steps of several lines --------------------------------------------

    def enter(
        self,
        nick: str | None = None,
        *,
        present: Sequence[str] | None = None,
        rule: str = "ENTER-1",
    ) -> codec.Entered:
        """Enter, and insist on the list (of those present, if given) and `ENTROU`."""
        self.nick = self.nick if nick is None else nick
        self.send(f"/ENTRAR {self.nick}")
        return self.expect_own_entry(present=present, rule=rule)

    def expect_own_entry(
        self, *, present: Sequence[str] | None = None, rule: str = "ENTER-1"
    ) -> codec.Entered:
        """Insist on what an accepted `/ENTRAR` brings: the list, and `ENTROU`.

        What stands after the nick is taken as it is (EVENT-3 has its own checks),
        and is this participant's origin from then on.
        """
        first = self.read("USUARIOS ...", rule)
        if isinstance(first, codec.Refused) and self._has_a_nick_that_was_anothers():
            raise RuleBroken("ENTER-5", "USUARIOS ...", line_of(first))
        self.connection.put_back(codec.encode(first))
        self.expect_list(present, rule)
        form = f"ENTROU <time> {self.nick}@..."
        message = self.read(form, rule)
        if not isinstance(message, codec.Entered):
            raise RuleBroken(rule, form, line_of(message))
        if message.origin.nick != self.nick:
            same = codec.fold_nick(message.origin.nick) == codec.fold_nick(self.nick)
            raise RuleBroken("ENTER-2" if same else rule, form, line_of(message))
        self.origin = str(message.origin)
        self.inside = True
        return message

    def _has_a_nick_that_was_anothers(self) -> bool:
        """Whether somebody of this check had the nick before, and has departed."""
        return any(
            codec.fold_nick(other.nick) == codec.fold_nick(self.nick)
            and other.origin != "<origin>"
            and not other.inside
            for other in self.scene.everyone
            if isinstance(other, Participant) and other is not self
        )

    def leave(self, rule: str = "LEAVE-1") -> None:
        """Leave, and insist on one's own `SAIU` and the close."""
        self.send("/SAIR")
        self.expect_left(self, rule)
        self.expect_closed(rule)

    def barrier(self, rule: str) -> None:
        """Insist that nothing more came up to here.

        Replies come in order, so a private message to oneself comes after
        everything that was due before it. Anything else that comes before it breaks
        `rule`; without it, PRIVATE-3 is broken.
        """
        word = self.scene.word()
        self.send(f"{self.nick}:{word}")
        own = f"PRIVADA <time> {self.origin} :{word}"
        message = self.read(own, "PRIVATE-3")
        line = line_of(message)
        if not fits(own, line.decode("ascii")):
            blamed = isinstance(message, codec.Sent | codec.Refused)
            expected = f"nothing before {own}"
            raise RuleBroken("PRIVATE-3" if blamed else rule, expected, line)
        self.expect_sent(self.nick, "PRIVATE-3")


def _list_of(nicks: Sequence[str]) -> str:
    return " ".join(["USUARIOS 0", *nicks])
