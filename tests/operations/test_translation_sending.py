"""To whom translations of posts go by mail, once, and what keeps them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from forum.domain.values import Source
from forum.operations.curation_authors import edit
from forum.operations.curation_removing import remove
from forum.operations.deliveries import cancel_deliveries
from forum.operations.deriving import basis_of, derive, differs
from forum.operations.following import choose
from forum.operations.subscriptions import set_options, unsubscribe
from forum.operations.translated import message_id_of
from forum.operations.translation_sending import (
    MAILED_FOR,
    cancel_translation,
    count_for_translation,
    queue_translation,
)
from forum.storage.archive import MessageLink, Post
from forum.storage.choices import Following
from forum.storage.lists import MailingList
from forum.storage.mail import Delivery, DigestItem, SendState
from forum.storage.people import Account, Subscription
from forum.storage.translations import PostTranslation
from tests.factories import START, Make

SPANISH = (
    "Proponemos empezar por la moneda local, porque los grupos de Sevilla ya trabajan con ella."
)
FRENCH = (
    "Nous proposons de commencer par la monnaie locale, car les groupes de Séville s’en servent."
)
NOW = START + timedelta(days=2)
DELAY = timedelta(seconds=30)
MONIQUE = "monique@example.net"


@pytest.fixture
def ancrage(make: Make) -> MailingList:
    return make.mailing_list()


@pytest.fixture
def translator(make: Make) -> Account:
    return make.account("amina@example.net", "Amina Diallo", language="fr")


@pytest.fixture
def post(make: Make, ancrage: MailingList) -> Post:
    return make.post(
        ancrage, text=SPANISH, subject="Moneda", author="Pilar Ríos <pilar@example.net>"
    )


def translate(
    session: Session, post: Post, by: Account | None, language: str = "fr", text: str = FRENCH
) -> PostTranslation:
    """A version as it is kept."""
    row = PostTranslation(
        post_id=post.id,
        language=language,
        text=text,
        html="",
        public_html=None,
        account_id=by.id if by else None,
        written_at=NOW,
        corrections=post.corrections,
    )
    session.add(row)
    session.flush()
    post.translated_into = language
    session.flush()
    return row


def waiting(session: Session, post: Post) -> dict[str, tuple[str, str]]:
    """What waits of translations: by address, how and in which language."""
    found = {}
    for kind in (Delivery, DigestItem):
        query = select(Subscription, kind.translation).join(
            kind, kind.subscription_id == Subscription.id
        )
        query = query.where(kind.post_id == post.id, kind.translation != "")
        if kind is Delivery:
            query = query.where(Delivery.state == SendState.QUEUED)
        for one, language in session.execute(query):
            found[one.address.email] = (kind.__tablename__, language)
    return found


def test_it_goes_after_the_delay_to_those_who_read_it_and_not_the_post(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE)
    make.subscriber(ancrage, "daily@example.net", delivery="daily")
    make.subscriber(ancrage, "named@example.net", language="en", reads="fr")
    make.subscriber(ancrage, "both@example.net", reads="fr,es")
    make.subscriber(ancrage, "english@example.net", language="en")
    make.subscriber(ancrage, "spanish@example.net", language="es")
    make.subscriber(ancrage, "pilar@example.net")
    make.subscriber(ancrage, translator.email)
    assert post.language == "es"
    assert count_for_translation(session, post, "fr", NOW, translator) == 3
    assert queue_translation(session, translate(session, post, translator), NOW, delay=DELAY) == 3
    assert waiting(session, post) == {
        MONIQUE: ("delivery", "fr"),
        "named@example.net": ("delivery", "fr"),
        "daily@example.net": ("digest_item", "fr"),
    }
    assert set(session.scalars(select(Delivery.due_at))) == {NOW + DELAY}
    assert list(session.scalars(select(DigestItem.ready_at))) == [NOW + DELAY]


@pytest.mark.slow
def test_a_thousand_readers_are_two_statements(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    for number in range(1000):
        make.subscriber(
            ancrage, f"r{number}@example.net", delivery="daily" if number % 4 else "each"
        )
    row = translate(session, post, translator)
    written: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        written.append(statement.split(" (")[0].strip())

    event.listen(session.connection(), "before_cursor_execute", listen)
    try:
        assert queue_translation(session, row, NOW) == 1000
    finally:
        event.remove(session.connection(), "before_cursor_execute", listen)
    rows = [
        one for one in written if one.startswith(("INSERT INTO delivery", "INSERT INTO digest"))
    ]
    assert len(rows) <= 4
    assert len(waiting(session, post)) == 1000


def test_only_the_first_of_a_language_is_mailed(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    first = translate(session, post, translator)
    assert queue_translation(session, first, NOW) == 0
    make.subscriber(ancrage, MONIQUE)
    better = translate(session, post, translator, text=FRENCH + " Merci.")
    assert count_for_translation(session, post, "fr", NOW, translator) == 0
    assert queue_translation(session, better, NOW) == 0
    emptied = translate(session, post, translator, text="")
    assert queue_translation(session, emptied, NOW) == 0
    assert waiting(session, post) == {}


def test_nobody_gets_a_second_translation_of_a_post(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE, reads="fr,en")
    make.subscriber(ancrage, "grace@example.net", language="en")
    assert queue_translation(session, translate(session, post, translator), NOW) == 1
    assert count_for_translation(session, post, "en", NOW, None) == 1
    english = translate(session, post, translator, "en", "We propose to begin with the currency.")
    assert queue_translation(session, english, NOW) == 1
    assert waiting(session, post) == {
        MONIQUE: ("delivery", "fr"),
        "grace@example.net": ("delivery", "en"),
    }


def test_old_imported_and_hidden_posts_are_not_mailed(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE)
    late = post.arrived_at + MAILED_FOR
    assert count_for_translation(session, post, "fr", late - timedelta(hours=1), None) == 1
    assert count_for_translation(session, post, "fr", late, None) == 0
    imported = make.post(ancrage, text=SPANISH + " Gracias.", source=Source.IMPORT)
    assert queue_translation(session, translate(session, imported, translator), NOW) == 0
    post.state = "hidden"
    assert count_for_translation(session, post, "fr", NOW, None) == 0


def test_a_post_is_not_translated_for_who_reads_one_of_its_languages(
    session: Session, make: Make, ancrage: MailingList
) -> None:
    english = "We propose to begin with the local currency, because the groups already use it."
    both = make.post(ancrage, text=f"{SPANISH}\n\n{english}\n")
    make.subscriber(ancrage, MONIQUE)
    make.subscriber(ancrage, "grace@example.net", language="fr", reads="fr,en")
    assert both.language == "mul"
    assert count_for_translation(session, both, "fr", NOW, None) == 1
    assert count_for_translation(session, both, "en", NOW, None) == 0


def test_a_translation_taken_back_in_time_reaches_nobody_and_a_later_one_does(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE)
    make.subscriber(ancrage, "daily@example.net", delivery="daily")
    row = translate(session, post, translator)
    assert queue_translation(session, row, NOW, delay=DELAY) == 2
    row.stands = False
    session.flush()
    assert cancel_translation(session, row)
    assert waiting(session, post) == {}
    assert queue_translation(session, translate(session, post, translator), NOW) == 2
    assert len(waiting(session, post)) == 2


def test_a_translation_taken_back_late_stops_what_still_waits_and_says_so(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    one = make.subscriber(ancrage, MONIQUE)
    make.subscriber(ancrage, "late@example.net")
    row = translate(session, post, translator)
    queue_translation(session, row, NOW)
    session.execute(
        update(Delivery)
        .where(Delivery.subscription_id == one.id)
        .values(state=SendState.SENT, sent_at=NOW)
    )
    row.stands = False
    session.flush()
    assert not cancel_translation(session, row)
    assert waiting(session, post) == {}
    # Who has had one gets no second.
    again = translate(session, post, translator)
    assert queue_translation(session, again, NOW) == 1
    assert waiting(session, post) == {"late@example.net": ("delivery", "fr")}


def test_undoing_a_correction_keeps_the_mail_of_what_stands_again(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE)
    queue_translation(session, translate(session, post, translator), NOW, delay=DELAY)
    better = translate(session, post, translator, text=FRENCH + " Merci.")
    better.stands = False
    session.flush()
    assert cancel_translation(session, better)
    assert waiting(session, post) == {MONIQUE: ("delivery", "fr")}


def test_an_answer_to_a_translation_is_an_answer_to_the_post(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    make.subscriber(ancrage, MONIQUE)
    row = translate(session, post, translator)
    queue_translation(session, row, NOW)
    identifier = message_id_of(session, post, "fr")
    link = session.get_one(MessageLink, (ancrage.id, identifier))
    assert link.post_id == post.id
    # As some programs quote: without marks, and without saying who wrote it.
    quoted = f"Entièrement d’accord avec vous, et merci.\n\n{FRENCH}\n"
    answer = make.post(
        ancrage, subject="Re: Moneda", text=quoted, in_reply_to=identifier,
        references=f"{post.message_id} {identifier}",
    )  # fmt: skip
    assert (answer.parent_id, answer.thread_id) == (post.id, post.thread_id)
    assert [part.role for part in answer.segments] == ["reply", "quotation"]
    # Also once it was taken back, and too short to tell its language: it is the translation's.
    short = make.post(ancrage, subject="Re: Moneda", text="OK !\n", in_reply_to=identifier)
    assert (short.parent_id, short.language) == (post.id, "fr")
    row.stands, post.translated_into = False, ""
    cancel_translation(session, row)
    late = make.post(
        ancrage, subject="Re: Moneda", text=f"Merci à vous.\n\n{FRENCH}\n", in_reply_to=identifier
    )
    assert late.parent_id == post.id
    assert [part.role for part in late.segments] == ["reply", "quotation"]
    # Made anew from its bytes it is the same.
    for one in (answer, short, late):
        basis = basis_of(session, one)
        assert basis is not None
        assert not differs(one, derive(basis))


def test_a_change_that_its_author_has_mailed_again_is_not_the_translation(
    session: Session, make: Make, ancrage: MailingList, translator: Account
) -> None:
    author = make.account("pilar@example.net", "Pilar Ríos")
    post = make.post(ancrage, text=SPANISH, author="Pilar Ríos <pilar@example.net>", mail_out=True)
    make.subscriber(ancrage, author.email, delivery="none")
    make.subscriber(ancrage, MONIQUE)
    queue_translation(session, translate(session, post, translator), NOW)
    session.execute(update(Delivery).values(state=SendState.SENT))
    edit(
        session, post, author, f"{SPANISH} Gracias.", post.arrived_at + timedelta(minutes=5),
        max_bytes=1_000_000, mail_again=True,
    )  # fmt: skip
    assert waiting(session, post) == {}


def test_what_waits_goes_with_the_post_the_thread_and_the_subscription(
    session: Session, make: Make, ancrage: MailingList, post: Post, translator: Account
) -> None:
    def queued(**options: str) -> Subscription:
        one = make.subscriber(ancrage, **options)
        row = translate(session, post, translator)
        assert queue_translation(session, row, NOW) == 1
        row.stands = False
        session.flush()
        return one

    for delivery in ("each", "daily"):
        muting = queued(delivery=delivery)
        choose(session, muting.address.author_id, post.thread, Following.MUTE, NOW)
        declining = queued(delivery=delivery)
        set_options(session, declining, translations=False)
        leaving = queued(delivery=delivery)
        unsubscribe(session, ancrage, leaving.address.email, NOW)
        assert waiting(session, post) == {}
    queued()
    assert cancel_deliveries(session, post)
    assert waiting(session, post) == {}
    queued(delivery="daily")
    remove(session, post, NOW, reason="asked for")
    assert waiting(session, post) == {}
