"""Foreign text is turned away, English is not, however short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.text import SUPPORTED, language

AUTHORED = Path(__file__).parents[2] / "nlp" / "training" / "data" / "authored.jsonl"

FOREIGN = {
    "de": [
        "Die Bundesregierung will einen Rohstofffonds auflegen und die Abhängigkeit von China verringern.",
        "Ohne Seltene Erden stehen die Bänder still, warnt der Verband der Automobilindustrie.",
        "Das glaube ich erst, wenn die erste Tonne aus dem Werk kommt.",
        "Der Preis für Gallium hat sich seit dem Sommer mehr als verdoppelt.",
        "Warum baut hier eigentlich niemand mehr eine Hütte, die Zink verarbeitet?",
        "In Sachsen soll ab dem nächsten Jahr wieder Lithium gefördert werden.",
        "Wir brauchen endlich ein Lager für Magnete, sonst sind wir erpressbar.",
        "Viele Worte, wenig Erz: Der Gipfel in Brüssel endet ohne Ergebnis.",
        "Meine Firma wartet seit vier Monaten auf eine Ausfuhrgenehmigung aus Peking.",
        "Recycling allein wird den Bedarf in den nächsten zehn Jahren nicht decken.",
    ],
    "fr": [
        "Le gouvernement veut relancer l'exploitation du lithium dans l'Allier dès l'année prochaine.",
        "Sans terres rares, les usines d'aimants s'arrêtent en quelques semaines seulement.",
        "Je n'y crois pas du tout, on nous promet cette mine depuis quinze ans.",
        "La Commission a présenté une liste de projets stratégiques pour les matières premières.",
        "Le prix du cobalt remonte depuis que Kinshasa a suspendu ses exportations.",
        "On ferait mieux de recycler les batteries que nous avons déjà ici.",
        "Les ouvriers de la fonderie demandent à l'État de garantir leurs emplois.",
        "Une alliance avec le Japon nous donnerait enfin un client pour cet oxyde.",
        "Personne ne veut d'une carrière à côté de chez soi, c'est tout le problème.",
        "Il faudra dix ans pour construire une filière complète, disent les ingénieurs.",
    ],
    "es": [
        "El gobierno de Chile firmó un acuerdo para procesar el litio dentro del país.",
        "Sin tierras raras no hay motores eléctricos, y China controla casi todo el refinado.",
        "Llevan veinte años prometiendo esa planta y todavía no hay ni un tornillo.",
        "Los precios del cobre subieron por tercera semana consecutiva en la bolsa.",
        "Creo que deberíamos asociarnos con Brasil antes de que sea demasiado tarde.",
        "La comunidad rechaza la mina porque teme quedarse sin agua para los cultivos.",
        "El ministro dijo que las exportaciones de mineral sin procesar quedarán prohibidas.",
        "Nadie quiere invertir mientras no haya reglas claras sobre las concesiones.",
        "Las empresas japonesas buscan proveedores de grafito fuera de Asia desde hace meses.",
        "Me parece muy bien, pero primero que arreglen el ferrocarril hasta el puerto.",
    ],
    "zh": [
        "中国宣布对镓和锗实施出口管制，全球芯片制造商正在寻找替代供应。",
        "稀土永磁体的价格在过去三个月上涨了一倍，下游企业压力很大。",
        "我不相信他们能在五年内建成完整的产业链，这只是口号。",
        "澳大利亚和美国签署了关键矿产合作协议，计划共同投资冶炼厂。",
        "印尼的镍产量继续增长，价格跌到了几年来的最低点。",
        "没有精炼能力，再多的矿山也没有用，这是十年前就知道的事。",
        "欧洲打算建立战略储备，但是谁来出钱还没有决定。",
        "锂价反弹，盐湖企业的利润开始恢复，市场情绪好转。",
        "工人们担心工厂搬走以后，这个城市还能靠什么生活。",
        "日本从二零一零年开始储备稀土，其他国家才刚刚起步。",
    ],
    "pt": ["O Brasil quer vender nióbio processado e não apenas concentrado, disse o ministro na terça-feira."],
    "it": ["Il governo italiano vuole riaprire alcune miniere chiuse da decenni, ma i comuni si oppongono."],
    "ru": ["Правительство обсуждает запрет на вывоз необработанной руды, сообщили в министерстве."],
    "ja": ["政府はレアアースの備蓄を増やし、オーストラリアとの協力を深める方針を決めた。"],
}
SHORT = [
    *("Nope.", "lol", "ok", "This.", "source?", "🚀🚀🚀", "$MP to the moon", "", "???", "F", "Si.", "Ja!", "100%"),
    *("RIP my portfolio", "https://example.org/x", "Kvanefjeld", "LFP > NMC", "Lynas. Arafura.", "u/one r/mining"),
]


def gated(text: str) -> bool:
    """Whether the gate turns a text away."""
    code, _ = language(text)
    return code is not None and code not in SUPPORTED


def test_foreign_sentences_are_turned_away() -> None:
    """Of 44 sentences in eight languages, 90 % or more do not pass."""
    texts = [(code, text) for code, sentences in FOREIGN.items() for text in sentences]
    passed = [text for _, text in texts if not gated(text)]
    assert len(texts) >= 40
    assert len(passed) <= 0.1 * len(texts), passed


def test_the_language_is_named() -> None:
    """The code given is the sentence's, nine times of ten."""
    texts = [(code, text) for code, sentences in FOREIGN.items() for text in sentences]
    assert sum(language(text)[0] == code for code, text in texts) >= 0.9 * len(texts)


@pytest.mark.parametrize("text", SHORT)
def test_a_handful_of_words_decides_nothing(text: str) -> None:
    """What is too short to tell passes."""
    assert language(text)[0] in (None, "en")


def test_english_is_not_turned_away() -> None:
    """Of the project's 3,000 English texts, comments and headlines among them, fewer than 0.5 % are."""
    texts = [json.loads(line)["text"] for line in AUTHORED.read_text(encoding="utf-8").splitlines()]
    assert sum(map(gated, texts)) < 0.005 * len(texts)


def test_capitals_do_not_make_a_headline_foreign() -> None:
    """A headline in capitals reads as English."""
    assert not gated("CHINA HALTS GALLIUM EXPORT PERMITS AS MAGNET MAKERS WARN OF SHORTAGES IN EUROPE")


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    """No string breaks the gate, and the probability is one."""
    code, probability = language(text)
    assert 0 <= probability <= 1
    assert code is None or len(code) >= 2
