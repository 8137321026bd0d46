"""Every decision on threads and posts, and its undoing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forum.domain.curation import Refusal
from forum.operations.curation import Refused, thread_now
from forum.operations.curation_placing import merge, reparent, split
from forum.operations.curation_posts import hide, restore, withdraw
from forum.operations.curation_threads import (
    close,
    label,
    pin,
    reopen,
    retitle,
    set_tags,
    tag,
    unpin,
    untag,
)
from forum.operations.curation_undoing import undo
from forum.operations.following import choose, standing
from forum.operations.rebuilding import settle_threads
from forum.storage.archive import Post, PostState, Thread
from forum.storage.audit import AuditEntry
from forum.storage.choices import Following
from forum.storage.lists import MailingList
from forum.storage.mail import IndexQueue
from tests.factories import START, Make

LATER = START + timedelta(days=30)


@dataclass
class Talk:
    """A list with posts that are named by a letter."""

    make: Make
    mailing_list: MailingList

    @property
    def session(self) -> Session:
        return self.make.session

    def say(self, name: str, *parents: str, subject: str = "") -> Post:
        """A post; it answers the last of its parents."""
        return self.make.post(
            self.mailing_list,
            subject=subject or ("Re: Bus" if parents else f"Bus {name}"),
            text=f"Ce que {name} propose pour la rencontre de printemps du collectif.\n",
            message_id=f"{name}@example.org",
            references=" ".join(f"{one}@example.org" for one in parents),
        )

    def post(self, name: str) -> Post:
        found = self.session.scalar(select(Post).where(Post.message_id == f"{name}@example.org"))
        assert found is not None
        return found

    def thread(self, name: str) -> Thread:
        """The thread in which a post stands now."""
        return self.post(name).thread

    def drawn(self) -> set[str]:
        """Each thread as its posts in reading order, a dot for each step down."""
        self.session.expire_all()
        rows = self.session.scalars(
            select(Post)
            .where(Post.mailing_list_id == self.mailing_list.id)
            .order_by(Post.thread_id, Post.position)
        )
        threads: dict[int, list[str]] = {}
        for row in rows:
            name = "." * row.depth + row.message_id.partition("@")[0]
            threads.setdefault(row.thread_id, []).append(name)
        return {" ".join(names) for names in threads.values()}

    def rebuild(self) -> None:
        """Arrange every thread anew, as `passerelle rebuild` does."""
        every = list(self.session.scalars(select(Thread.id)))
        assert settle_threads(self.session, self.mailing_list, every, LATER) == 0


@pytest.fixture
def talk(make: Make) -> Talk:
    """Two threads: `a .b ..c .d` and `x .y`."""
    talk = Talk(make, make.mailing_list())
    talk.say("a")
    talk.say("b", "a")
    talk.say("c", "a", "b")
    talk.say("d", "a")
    talk.say("x")
    talk.say("y", "x")
    make.session.query(IndexQueue).delete()
    make.commit()
    return talk


WHOLE = {"a .b ..c .d", "x .y"}


class TestSplitting:
    def test_a_split_takes_the_answers_along(self, talk: Talk) -> None:
        old = talk.thread("b").id
        entry, thread = split(talk.session, talk.post("b"), LATER, subject="Le train")
        assert talk.drawn() == {"a .d", "b .c", "x .y"}
        assert (entry.action, entry.target) == ("split", f"post {talk.post('b').id}")
        assert talk.thread("b") is thread
        assert talk.thread("a").id == old
        assert (thread.subject, thread.post_count) == ("Le train", 2)
        assert talk.thread("a").post_count == 2
        queued = set(talk.session.scalars(select(IndexQueue.post_id)))
        assert queued >= {talk.post("b").id, talk.post("c").id}

    def test_who_follows_or_mutes_a_thread_does_so_with_what_is_split_off(self, talk: Talk) -> None:
        reader = talk.make.account("luc@example.net")
        choose(talk.session, reader.author_id, talk.thread("a"), Following.MUTE, LATER)
        entry, thread = split(talk.session, talk.post("b"), LATER)
        assert standing(talk.session, reader.author_id, thread).state == Following.MUTE
        undo(talk.session, entry.id, LATER)
        assert standing(talk.session, reader.author_id, talk.thread("b")).state == Following.MUTE

    def test_without_a_subject_it_bears_the_posts(self, talk: Talk) -> None:
        _, thread = split(talk.session, talk.post("b"), LATER)
        assert thread.subject == "Bus"

    def test_alone_it_leaves_its_answers_behind(self, talk: Talk) -> None:
        split(talk.session, talk.post("b"), LATER, alone=True)
        assert talk.drawn() == {"a .c .d", "b", "x .y"}

    def test_the_first_post_leaves_alone_and_the_others_keep_the_thread(self, talk: Talk) -> None:
        old = talk.thread("a").id
        _, thread = split(talk.session, talk.post("a"), LATER, alone=True)
        assert talk.drawn() == {"a", "b .c .d", "x .y"}
        assert (talk.thread("b").id, talk.thread("a").id) == (old, thread.id)

    def test_the_first_of_two_roots_gets_the_new_thread(self, talk: Talk) -> None:
        talk.say("p", "lost", subject="Tram")
        talk.say("q", "lost", subject="Train")
        old = talk.thread("p").id
        _, thread = split(talk.session, talk.post("p"), LATER)
        assert talk.drawn() == {*WHOLE, "p", "q"}
        assert (talk.thread("p").id, talk.thread("q").id) == (thread.id, old)
        talk.say("r", "lost", subject="Barque")
        assert talk.drawn() == {*WHOLE, "p", "q r"}

    def test_the_first_post_cannot_begin_another_thread(self, talk: Talk) -> None:
        with pytest.raises(Refused) as refused:
            split(talk.session, talk.post("a"), LATER)
        assert refused.value.refusal == Refusal.BEGINS_THREAD

    def test_later_answers_and_a_rebuild_change_nothing(self, talk: Talk) -> None:
        split(talk.session, talk.post("b"), LATER)
        talk.rebuild()
        talk.say("e", "a", "b", "c")
        talk.say("f", "a")
        talk.say("g", "lost", "b")
        assert talk.drawn() == {"a .d .f", "b .c ..e .g", "x .y"}

    def test_undoing_it_brings_later_answers_along(self, talk: Talk) -> None:
        old = talk.thread("a").id
        entry, thread = split(talk.session, talk.post("b"), LATER)
        talk.say("e", "b")
        undo(talk.session, entry.id, LATER)
        assert talk.drawn() == {"a .b ..c ..e .d", "x .y"}
        assert thread_now(talk.session, thread.id).id == old
        assert talk.thread("a").post_count == 5
        assert thread.post_count == 0


class TestMerging:
    def test_a_merge_hangs_a_thread_below_the_first_post_of_another(self, talk: Talk) -> None:
        old, into = talk.thread("x"), talk.thread("a")
        entry = merge(talk.session, old, into, LATER)
        assert talk.drawn() == {"a .b ..c .d .x ..y"}
        assert (entry.action, thread_now(talk.session, old.id).id) == ("merge", into.id)
        talk.say("z", "y")
        assert talk.drawn() == {"a .b ..c .d .x ..y ...z"}
        talk.rebuild()

    def test_undoing_it_gives_the_thread_its_number_back(self, talk: Talk) -> None:
        old = talk.thread("x").id
        entry = merge(talk.session, talk.thread("x"), talk.thread("a"), LATER)
        talk.say("z", "y")
        undo(talk.session, entry.id, LATER)
        assert talk.drawn() == {"a .b ..c .d", "x .y ..z"}
        assert talk.thread("x").id == old
        assert talk.thread("z").merged_into_id is None
        assert talk.thread("z").post_count == 3

    def test_a_thread_of_several_roots_is_merged_whole_and_comes_back_whole(
        self, talk: Talk
    ) -> None:
        talk.say("p", "lost", subject="Tram")
        talk.say("q", "lost", subject="Train")
        old = talk.thread("p").id
        entry = merge(talk.session, talk.thread("p"), talk.thread("a"), LATER)
        assert talk.drawn() == {"a .b ..c .d .p .q", "x .y"}
        undo(talk.session, entry.id, LATER)
        assert talk.drawn() == {*WHOLE, "p q"}
        assert talk.thread("q").id == old

    def test_a_thread_is_not_merged_into_itself_or_across_lists(self, talk: Talk) -> None:
        thread = talk.thread("a")
        with pytest.raises(Refused) as refused:
            merge(talk.session, thread, thread, LATER)
        assert refused.value.refusal == Refusal.SAME_THREAD
        other = talk.make.post(talk.make.mailing_list("autre"))
        with pytest.raises(Refused) as refused:
            merge(talk.session, thread, other.thread, LATER)
        assert refused.value.refusal == Refusal.OTHER_LIST


class TestReparenting:
    def test_a_post_goes_below_another_with_its_answers(self, talk: Talk) -> None:
        entry = reparent(talk.session, talk.post("b"), talk.post("y"), LATER)
        assert talk.drawn() == {"a .d", "x .y ..b ...c"}
        talk.say("e", "b")
        talk.rebuild()
        undo(talk.session, entry.id, LATER)
        assert talk.drawn() == {"a .b ..c ..e .d", "x .y"}

    def test_a_first_post_brings_its_thread_and_takes_it_back(self, talk: Talk) -> None:
        old = talk.thread("x").id
        entry = reparent(talk.session, talk.post("x"), talk.post("c"), LATER)
        assert talk.drawn() == {"a .b ..c ...x ....y .d"}
        undo(talk.session, entry.id, LATER)
        assert talk.drawn() == WHOLE
        assert talk.thread("x").id == old

    def test_circles_are_refused(self, talk: Talk) -> None:
        for below in ("b", "c"):
            with pytest.raises(Refused) as refused:
                reparent(talk.session, talk.post("b"), talk.post(below), LATER)
            assert refused.value.refusal in (Refusal.ITSELF, Refusal.CIRCLE)
        with pytest.raises(Refused) as refused:
            reparent(talk.session, talk.post("b"), talk.post("a"), LATER)
        assert refused.value.refusal == Refusal.STANDS_THERE


class TestUndoing:
    def test_a_later_decision_on_the_same_post_is_named(self, talk: Talk) -> None:
        first, _ = split(talk.session, talk.post("b"), LATER)
        second = reparent(talk.session, talk.post("b"), talk.post("x"), LATER)
        with pytest.raises(Refused) as refused:
            undo(talk.session, first.id, LATER)
        assert (refused.value.refusal, refused.value.number) == (
            Refusal.LATER_DECISION, second.id,
        )  # fmt: skip
        undo(talk.session, second.id, LATER)
        undo(talk.session, first.id, LATER)
        assert talk.drawn() == WHOLE

    def test_a_later_decision_that_closes_the_circle_is_named(self, talk: Talk) -> None:
        first = reparent(talk.session, talk.post("c"), talk.post("a"), LATER)
        second = reparent(talk.session, talk.post("b"), talk.post("c"), LATER)
        assert talk.drawn() == {"a .c ..b .d", "x .y"}
        with pytest.raises(Refused) as refused:
            undo(talk.session, first.id, LATER)
        assert refused.value.number == second.id

    def test_decisions_are_undone_in_any_order_where_they_do_not_touch(self, talk: Talk) -> None:
        first, _ = split(talk.session, talk.post("b"), LATER)
        second = merge(talk.session, talk.thread("x"), talk.thread("b"), LATER)
        assert talk.drawn() == {"a .d", "b .c .x ..y"}
        undo(talk.session, first.id, LATER)
        assert talk.drawn() == {"a .b ..c ..x ...y .d"}
        undo(talk.session, second.id, LATER)
        assert talk.drawn() == WHOLE

    def test_nothing_is_undone_twice_and_no_undoing_either(self, talk: Talk) -> None:
        entry, _ = split(talk.session, talk.post("b"), LATER)
        undoing = undo(talk.session, entry.id, LATER)
        assert (undoing.action, undoing.details["undone"]) == ("undo", entry.id)
        for number, wanted in (
            (entry.id, Refusal.UNDONE),
            (undoing.id, Refusal.NOT_UNDOABLE),
            (99_999, Refusal.NO_DECISION),
        ):
            with pytest.raises(Refused) as refused:
                undo(talk.session, number, LATER)
            assert refused.value.refusal == wanted

    def test_the_log_tells_who_decided_and_who_undid(self, talk: Talk) -> None:
        one, two = (talk.make.moderator(talk.mailing_list) for _ in range(2))
        entry = pin(talk.session, talk.thread("a"), LATER, one)
        undo(talk.session, entry.id, LATER, two)
        rows = talk.session.scalars(
            select(AuditEntry).where(AuditEntry.action.in_(["pin", "undo"])).order_by(AuditEntry.id)
        ).all()
        assert [(row.action, row.account_id) for row in rows] == [("pin", one.id), ("undo", two.id)]


class TestThreads:
    def test_a_thread_is_pinned_closed_and_back(self, talk: Talk) -> None:
        thread = talk.thread("a")
        pinned, closed = pin(talk.session, thread, LATER), close(talk.session, thread, LATER)
        assert (thread.pinned, thread.state) == (True, "closed")
        with pytest.raises(Refused):
            pin(talk.session, thread, LATER)
        undo(talk.session, pinned.id, LATER)
        undo(talk.session, closed.id, LATER)
        assert (thread.pinned, thread.state) == (False, "open")
        pin(talk.session, thread, LATER)
        close(talk.session, thread, LATER)
        unpin(talk.session, thread, LATER)
        reopen(talk.session, thread, LATER)
        assert (thread.pinned, thread.state) == (False, "open")

    def test_a_thread_is_called_otherwise_in_one_or_three_languages(self, talk: Talk) -> None:
        thread = talk.thread("a")
        first = retitle(talk.session, thread, "Le bus  du marché", LATER)
        assert (thread.subject, thread.titles) == ("Le bus du marché", {})
        second = retitle(talk.session, thread, "", LATER, titles={"es": "El autobús", "fr": ""})
        assert (thread.subject, thread.titles) == ("Le bus du marché", {"es": "El autobús"})
        with pytest.raises(Refused) as refused:
            undo(talk.session, first.id, LATER)
        assert refused.value.number == second.id
        undo(talk.session, second.id, LATER)
        undo(talk.session, first.id, LATER)
        assert (thread.subject, thread.titles) == ("Bus a", {})

    def test_a_title_stays_whatever_arrives(self, talk: Talk) -> None:
        retitle(talk.session, talk.thread("a"), "Le marché", LATER)
        talk.say("e", "a")
        talk.rebuild()
        assert talk.thread("e").subject == "Le marché"

    def test_tags_are_typed_with_commas(self, talk: Talk) -> None:
        thread = talk.thread("a")
        entry = tag(talk.session, thread, " Eau, biens  communs,eau ,", LATER)
        assert thread.tags == "biens communs,eau"
        queued = set(talk.session.scalars(select(IndexQueue.post_id)))
        assert queued == {talk.post(name).id for name in "abcd"}
        untag(talk.session, thread, "EAU", LATER)
        assert thread.tags == "biens communs"
        set_tags(talk.session, thread, "énergie", LATER)
        assert thread.tags == "énergie"
        with pytest.raises(Refused):
            undo(talk.session, entry.id, LATER)

    def test_undoing_a_tag_takes_it_off(self, talk: Talk) -> None:
        thread = talk.thread("a")
        undo(talk.session, tag(talk.session, thread, "eau", LATER).id, LATER)
        assert thread.tags == ""

    @pytest.mark.parametrize("text", ["x" * 41, 'a"b', "<i>", ",".join(map(str, range(21)))])
    def test_what_cannot_be_a_tag_is_refused(self, talk: Talk, text: str) -> None:
        with pytest.raises(Refused):
            tag(talk.session, talk.thread("a"), text, LATER)
        assert talk.thread("a").tags == ""

    def test_labels_are_those_of_the_method(self, talk: Talk) -> None:
        thread = talk.thread("a")
        entry = label(talk.session, thread, ["propose", "debate"], LATER)
        assert thread.labels == "debate,propose"
        with pytest.raises(Refused):
            label(talk.session, thread, ["conclude"], LATER)
        undo(talk.session, entry.id, LATER)
        assert thread.labels == ""


class TestShowing:
    def test_a_hidden_post_counts_no_more(self, talk: Talk) -> None:
        post = talk.post("d")
        entry = hide(talk.session, post, LATER, reason="Hors sujet")
        assert (post.state, post.thread.post_count) == (PostState.HIDDEN, 3)
        assert list(talk.session.scalars(select(IndexQueue.post_id))) == [post.id]
        assert entry.details == {"reason": "Hors sujet"}
        undo(talk.session, entry.id, LATER)
        assert (post.state, post.thread.post_count) == (PostState.VISIBLE, 4)

    def test_restoring_it_is_a_decision_of_its_own(self, talk: Talk) -> None:
        post = talk.post("d")
        hidden = hide(talk.session, post, LATER)
        restored = restore(talk.session, post, LATER)
        with pytest.raises(Refused) as refused:
            undo(talk.session, hidden.id, LATER)
        assert refused.value.number == restored.id
        undo(talk.session, restored.id, LATER)
        assert post.state == PostState.HIDDEN

    def test_moderators_do_not_bring_back_what_an_author_took_back(self, talk: Talk) -> None:
        author = talk.make.account("awa@example.org")
        post, moderator = talk.post("d"), talk.make.moderator(talk.mailing_list)
        with pytest.raises(Refused) as refused:
            withdraw(talk.session, post, LATER, moderator)
        assert refused.value.refusal == Refusal.NOT_THE_AUTHOR
        entry = withdraw(talk.session, post, LATER, author)
        with pytest.raises(Refused) as refused:
            restore(talk.session, post, LATER, moderator)
        assert refused.value.refusal == Refusal.WITHDRAWN
        with pytest.raises(Refused):
            undo(talk.session, entry.id, LATER, moderator)
        assert post.state == PostState.HIDDEN
        restore(talk.session, post, LATER)
        assert post.state == PostState.VISIBLE
