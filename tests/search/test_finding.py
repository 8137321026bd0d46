"""What is found: the same by both engines."""

from __future__ import annotations

import pytest

from forum.domain.query import parse
from forum.domain.values import Role, Segment
from forum.search.protocol import Sort
from tests.search.conftest import Bench, document

EQUAL_FORMS = [
    (["economie", "économies", "ÉCONOMIE", "économie", "l'économie", "l’économie", "econom*"],
     "fr", "Vers une économie solidaire"),
    (["réunion", "reunion", "RÉUNIONS", "re\u0301union", "reun*"], "fr", "La réunion de Lomé"),
    (["ete", "été", "ÉTÉ", "étés"], "fr", "Rendez-vous cet été"),
    (["anclaje", "anclajes", "ANCLAJES", "del anclaje"], "es", "El anclaje territorial"),
    (["œuvre", "oeuvre", "Œuvres"], "fr", "La mise en œuvre du projet"),
    (["co-construction", "coconstruction", "construction"], "fr", "La co-construction des savoirs"),
    (["coconstruction", "co-construction"], "fr", "Une coconstruction réussie"),
    (["the network", "networks", "network's"], "en", "A network of networks"),
    (["aujourd'hui", "aujourd’hui"], "fr", "C'est pour aujourd'hui"),
    (["niño", "ninos", "NIÑOS", "nin\u0303o"], "es", "Hace falta un niño"),
]  # fmt: skip


@pytest.mark.parametrize(("queries", "language", "text"), EQUAL_FORMS)
def test_equal_forms_find_the_same_post(
    bench: Bench, queries: list[str], language: str, text: str
) -> None:
    bench.holds(document(1, text, language), document(2, "Autre chose, y otra cosa", language))
    assert {query: bench.ids(query) for query in queries} == {query: [1] for query in queries}


def test_summer_is_found_and_not_and(bench: Bench) -> None:
    bench.holds(document(1, "pain et vin"), document(2, "un été à Lomé"))
    assert bench.ids("ete") == [2]
    assert bench.ids("été") == [2]
    assert bench.ids("et") == [1]


def test_a_stop_word_of_the_text_s_language_asks_for_nothing(bench: Bench) -> None:
    bench.holds(
        document(1, "les monnaies locales sont là"),
        document(2, "la moneda local", "es"),
        document(3, "monnaies seules"),
    )
    assert bench.ids("les monnaies qui sont locales") == [1]
    assert bench.ids("la moneda") == [2]


def test_a_stem_matches_only_text_of_its_language(bench: Bench) -> None:
    # To the French stemmer `porter` and `ports` are one, to the English one they are two.
    bench.holds(
        document(1, "les ports maritimes"),
        document(2, "all ports are open", "en"),
        document(3, "ports", "und"),
        document(4, "a porter", "en"),
    )
    assert bench.found("porter") == {1, 3, 4}


def test_text_in_another_language_is_found_by_every_stem(bench: Bench) -> None:
    bench.holds(document(1, "reunions i trobades", "ca"), document(2, "reunions", "und"))
    assert bench.found("réunion") == {1, 2}


def test_a_match_in_the_language_of_the_text_counts_more(bench: Bench) -> None:
    bench.holds(document(1, "une monnaie", "und"), document(2, "une monnaie", "fr"))
    assert bench.ids("monnaie") == [2, 1]


def test_the_subject_counts_more_than_the_text(bench: Bench) -> None:
    bench.holds(
        document(1, "monnaie locale et autres mots", subject="Nouvelles"),
        document(2, "locale et autres mots ici", subject="Monnaie"),
    )
    assert bench.ids("monnaie") == [2, 1]


def test_quoted_text_is_found_in_quotes_alone(bench: Bench) -> None:
    bench.holds(
        document(1, "la monnaie du quartier"),
        document(2, "je suis d'accord", quoted="la monnaie du quartier"),
    )
    assert bench.ids("monnaie") == [1]
    assert bench.ids('"monnaie du quartier"') == [1]
    assert bench.ids("in:quotes monnaie") == [2]
    assert bench.ids('in:quotes "du quartier"') == [2]


def test_signatures_and_footers_are_not_searched(bench: Bench) -> None:
    more = (
        Segment(Role.SIGNATURE, "Fédération des coopératives", "fr"),
        Segment(Role.FOOTER, "Désabonnement", "fr"),
        Segment(Role.ATTRIBUTION, "Le lundi, Camille écrit", "fr"),
    )
    bench.holds(document(1, "bonjour", more=more))
    assert bench.ids("coopératives OR désabonnement OR lundi") == []


def test_phrases_are_words_in_order(bench: Bench) -> None:
    bench.holds(
        document(1, "l'économie sociale et solidaire"),
        document(2, "sociale, l'économie ; et solidaire"),
        document(3, "économies sociales"),
        document(4, "sociale", subject="économie"),
    )
    assert bench.ids('"économie sociale"') == [1]
    assert bench.ids('"ECONOMIE SOCIALE"') == [1]
    assert bench.ids("«l’économie sociale et solidaire»") == [1]
    assert bench.ids('"solidaire économie"') == []
    assert bench.found('"économie"') == {1, 2, 4}


def test_phrases_reach_through_compounds(bench: Bench) -> None:
    bench.holds(document(1, "un projet socio-économique local"))
    assert bench.ids('"socio-économique local"') == [1]
    assert bench.ids('"projet socio"') == [1]
    assert bench.ids('"économique projet"') == []


def test_operators(bench: Bench) -> None:
    bench.holds(
        document(1, "pomme poire"), document(2, "pomme raisin"), document(3, "raisin cerise")
    )
    assert bench.found("pomme poire") == {1}
    assert bench.found("poire OR cerise") == {1, 3}
    assert bench.found("pomme -poire") == {2}
    assert bench.found("-pomme") == {3}
    assert bench.found("(poire OR cerise) -raisin") == {1}
    assert bench.found('pomme -"pomme raisin"') == {1}
    assert bench.found("cer*") == {3}
    assert bench.found("pomme -rais*") == {1}
    assert bench.found("poire OR -pomme") == {1, 3}


def test_exact_minds_accents_case_and_endings(bench: Bench) -> None:
    bench.holds(
        document(1, "Économie"), document(2, "économie"), document(3, "economie, ÉCONOMIES")
    )
    assert bench.found("exact:économie") == {2}
    assert bench.found("exact:Économie") == {1}
    assert bench.found("exact:economie") == {3}
    assert bench.found("économie") == {1, 2, 3}


def test_exact_phrases(bench: Bench) -> None:
    bench.holds(document(1, "la Banque mondiale"), document(2, "une banque mondiale"))
    assert bench.found('exact:"Banque mondiale"') == {1}
    assert bench.found('"Banque mondiale"') == {1, 2}


def test_fields(bench: Bench) -> None:
    bench.holds(
        document(
            1, "monnaie", author="Ana Prieto", subject="Réunion de Manille", date="2008-12-31"
        ),
        document(2, "moneda", "es", author="José-Luis Ana", list_id=2, tags=("Économie sociale",)),
        document(3, "money", "en", author="Ana Ruiz", files=("rapport_final.pdf",)),
    )
    assert bench.found("from:ana") == {1, 2, 3}
    assert bench.found('de:"Ana Prieto"') == {1}
    assert bench.found("from:jose") == {2}
    assert bench.found("from:pri*") == {1}
    assert bench.found("sujet:reunion") == {1}
    assert bench.found('asunto:"réunion de manille"') == {1}
    assert bench.found("subject:monnaie") == set()
    assert bench.found("list:finanzas") == {2}
    assert bench.found("lang:es") == {2}
    assert bench.found("langue:français OR idioma:en") == {1, 3}
    assert bench.found('etiqueta:"economie sociale"') == {2}
    assert bench.found("has:attachment") == {3}
    assert bench.found("-avec:pièce lang:fr") == {1}
    assert bench.found("rapport") == {3}
    assert bench.found("lang:fr de:ana avant:2009 monnaie") == {1}


def test_dates_are_whole_years_months_and_days(bench: Bench) -> None:
    bench.holds(
        document(1, "x", date="2008-12-31T23:59:59"),
        document(2, "x", date="2009-04-25T00:00:00"),
        document(3, "x", date="2009-04-25T23:59:59"),
        document(4, "x", date="2010-01-01T00:00:00"),
    )
    assert bench.found("before:2009") == {1}
    assert bench.found("after:2009") == {4}
    assert bench.found("after:2008 before:2010") == {2, 3}
    assert bench.found("after:2009-04-24 before:2009-04-26") == {2, 3}
    assert bench.found("after:2009-04-25") == {4}
    assert bench.found("before:2009-04") == {1}
    assert bench.found("after:2009-04 OR before:2009") == {1, 4}
    assert bench.found("-after:2008") == {1}


def test_lists_one_may_not_see_do_not_exist(bench: Bench) -> None:
    bench.holds(
        document(1, "secret partagé", list_id=1, tags=("ouvert",)),
        document(2, "secret gardé", list_id=2, author="Personne Cachée", tags=("clos",)),
    )
    one = frozenset({1})
    assert bench.ids("secret", one) == [1]
    assert bench.ids("list:finanzas", one) == []
    assert bench.ids("-absent", one) == [1]
    assert bench.ids("secret", frozenset()) == []
    found = bench.index.find(parse("secret"), one, facets=True)
    assert found.total == 1
    assert found.facets == {
        "language": {"fr": 1},
        "year": {"2009": 1},
        "author": {"Awa Ndiaye": 1},
        "list": {"ancrage": 1},
        "tag": {"ouvert": 1},
    }


def test_facets_count_all_hits_and_not_the_page(bench: Bench) -> None:
    spanish = (Segment(Role.REPLY, "moneda", "es"),)
    bench.holds(
        document(1, "monnaie", date="2008-01-01", tags=("b", "a"), author="B"),
        document(2, "monnaie", date="2009-01-01", more=spanish, author="B"),
        document(3, "monnaie", date="2009-12-31T23:30:00", list_id=2, author="A"),
        document(4, "rien"),
    )
    found = bench.index.find(parse("monnaie"), frozenset({1, 2}), per_page=1, facets=True)
    assert found.total == 3
    assert {name: list(counts.items()) for name, counts in found.facets.items()} == {
        "language": [("fr", 3), ("es", 1)],
        "year": [("2009", 2), ("2008", 1)],
        "author": [("B", 2), ("A", 1)],
        "list": [("ancrage", 2), ("finanzas", 1)],
        "tag": [("a", 1), ("b", 1)],
    }


def test_order_and_pages(bench: Bench) -> None:
    bench.holds(*(document(n, "mot", date=f"20{n:02}-01-01") for n in range(1, 31)))
    newest = list(range(30, 0, -1))
    assert bench.newest("mot") == newest
    assert bench.ids("mot", sort=Sort.OLDEST) == newest[::-1]
    assert bench.ids("mot") == newest, "equal scores come newest first"
    assert bench.ids("lang:fr") == newest, "filters alone too"
    assert bench.ids("mot", per_page=7, page=2) == newest[7:14]
    assert bench.ids("mot", per_page=7, page=5) == newest[28:]
    assert bench.ids("mot", per_page=7, page=6) == []
    assert bench.index.find(parse("mot"), frozenset({1}), per_page=7, page=6).total == 30


def test_a_rare_word_counts_more_than_a_frequent_one_in_one_text(bench: Bench) -> None:
    bench.holds(
        document(1, "monnaie monnaie monnaie"),
        document(2, "monnaie"),
        document(3, "autre sujet encore"),
    )
    assert bench.ids("monnaie") == [1, 2]


def test_a_newer_version_replaces_the_older(bench: Bench) -> None:
    bench.holds(document(1, "ancien texte"), document(2, "voisin"))
    bench.holds(document(1, "nouveau texte"))
    assert bench.ids("ancien") == []
    assert bench.ids("nouveau") == [1]
    assert bench.index.status().indexed == 2


def test_the_last_of_two_versions_in_one_batch_wins(bench: Bench) -> None:
    bench.holds(document(1, "ancien texte"), document(1, "nouveau texte"))
    assert bench.ids("texte") == [1]
    assert bench.ids("nouveau") == [1]


def test_removed_posts_are_gone(bench: Bench) -> None:
    bench.holds(document(1, "mot"), document(2, "mot"))
    with bench.index.writing():
        bench.index.remove([1, 77])
    assert bench.ids("mot") == [2]
    assert bench.ids("-autre") == [2]
    assert bench.index.status().indexed == 1


def test_another_process_sees_what_was_added(bench: Bench) -> None:
    bench.holds(document(1, "mot"))
    other = bench.reopen()
    assert other.find(parse("mot"), frozenset({1})).total == 1
    bench.holds(document(2, "mot"))
    assert other.find(parse("mot"), frozenset({1})).total == 2


def test_one_writer_at_a_time(bench: Bench) -> None:
    other = bench.reopen()
    with bench.index.writing() as first:
        assert first
        with other.writing() as second:
            assert not second
    with other.writing() as second:
        assert second


def test_odd_documents_are_taken(bench: Bench) -> None:
    odd = document(
        1,
        "it's \\ 'quoted' \x00 \udc80 \ufeff & | ! <-> :* \x1f\x1e " + "mot " * 40_000,
        subject="\x00",
        author="O'Brien \\ \x1e\x1f\x00",
        tags=("a'b\\", ""),
        files=("é'\\.pdf",),
    )
    bench.holds(odd, document(2, ""))
    assert bench.ids("mot") == [1]
    assert bench.ids("from:o'brien") == [1]
    assert bench.ids("tag:a'b\\") == [1]
    for query in (
        "'",
        "\\",
        "a\\'b",
        ":*",
        "& | !",
        "\x00",
        "it's",
        "o'b*",
        "<->",
        "tag:'",
        "\udc80",
    ):
        bench.ids(query)


def test_a_text_longer_than_an_index_takes_is_found_by_its_beginning(bench: Bench) -> None:
    long = " ".join(f"mot{n}x" for n in range(30_000))
    bench.holds(document(1, "commencement " + long))
    assert bench.ids("commencement") == [1]


def test_a_query_for_nothing_finds_nothing(bench: Bench) -> None:
    bench.holds(document(1, "mot"))
    assert bench.ids("") == []
    assert bench.ids("?!") == []


@pytest.mark.parametrize("query", ["a", "monnaie", '"deux mots"', "from:x", "lang:fr", "x*", "-x"])
def test_an_empty_index_answers(bench: Bench, query: str) -> None:
    bench.holds()
    assert bench.ids(query) == []
    assert bench.ids(query, facets=True) == []
