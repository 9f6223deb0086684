"""Write the pictures of a run of each task: its stages, and what comes out of each.

An SVG needs no script and no network where it is shown, and stays legible on a phone.
Run ``python scripts/make_flow_figure.py`` after a change of the texts below.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from unicodedata import east_asian_width

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


@dataclass(frozen=True)
class Flow:
    """What a picture shows, from top to bottom.

    Attributes:
        title: What it is called.
        stages: Names of pipelines, and what comes out of them; the first box is what goes in.
        per_fold: The stages that every fold has, and how that is said.
        result: The stages that the job is about.
    """

    title: str
    stages: dict[str, str]
    per_fold: tuple[str, str]
    result: str


FLOWS = {
    "flow.svg": Flow(
        title="The stages of a run and what comes out of each",
        stages={
            "sentence, two entities": "raw files, or a data set on the hub",
            "ingest → clean": "clean rows and folds; each rejected or dropped row with its reason",
            "augment → tokenize": "more training rows; tokens",
            "train → predict": "one model per fold; out-of-fold and test scores",
            "ensemble": "submission.csv: the best blend of all experiments on disk",
            "report → leaderboard": "metrics with intervals, figures, pages to read",
            "export → predict_new": "a model to hand out; labels for new text",
        },
        per_fold=("train → predict", "once per fold"),
        result="ensemble",
    ),
    "flow.ko.svg": Flow(
        title="실행의 단계와 단계마다 나오는 것",
        stages={
            "문장과 두 개체": "원본 파일 또는 허브의 데이터셋",
            "ingest → clean": "정제한 행과 폴드, 제외한 행과 그 이유",
            "augment → tokenize": "늘린 학습 행, 토큰",
            "train → predict": "폴드마다 모델 하나, OOF 점수와 테스트 점수",
            "ensemble": "submission.csv: 디스크의 모든 실험을 섞은 최선의 블렌드",
            "report → leaderboard": "구간이 있는 지표, 그림, 읽는 페이지",
            "export → predict_new": "내보낸 모델, 새 문장의 레이블",
        },
        per_fold=("train → predict", "폴드마다 한 번"),
        result="ensemble",
    ),
    "odqa_flow.svg": Flow(
        title="The stages of open-domain QA and what comes out of each",
        stages={
            "questions, texts": "a list of questions and a folder of texts; questions with answers",
            "odqa_ingest": "passages, near copies, links to gold answers",
            "odqa_index": "an index of the passages",
            "odqa_retrieve": "the best passages of each question; how good they are",
            "odqa_tokenize": "questions and passages as windows of tokens",
            "odqa_train": "a reader per fold",
            "odqa_answer": "predictions.json: one answer from all passages",
            "odqa_report": "exact match and F1 with intervals; whose failure each error is",
            "odqa_export": "a folder that answers questions",
        },
        per_fold=("odqa_train", "once per fold"),
        result="odqa_answer",
    ),
}
"""The pictures, by the names of their files."""

WIDTH, ROW, BOX_WIDTH, BOX_HEIGHT, LEFT, TOP = 500, 54, 200, 36, 14, 14
TEXT_LEFT = LEFT + BOX_WIDTH + 38
LINE_LETTERS = 36
"""As many letters fit beside a box, a Korean one for two; longer texts take two lines."""

_STYLE = """
text { font: 14px system-ui, 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif; fill: #1f2933; }
.stage { font-weight: 600; } .small { font-size: 11px; fill: #52606d; } .result { font-weight: 600; fill: #0b6e4f; }
.box { fill: #e8f0fe; stroke: #3559a8; } .input { fill: #fff4d6; stroke: #b7791f; } .best { fill: #def7ec; stroke: #0b6e4f; }
path { stroke: #7b8794; fill: none; marker-end: url(#head); }
"""  # noqa: E501


def draw(flow: Flow) -> str:
    """Return the picture as SVG."""
    height = TOP + ROW * len(flow.stages)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(flow.title)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" style="fill:#7b8794;'
        'stroke:none;marker-end:none"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        *(line for row in range(len(flow.stages)) for line in _row(row, flow)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row(row: int, flow: Flow) -> Iterator[str]:
    (stage, out), top = list(flow.stages.items())[row], TOP + ROW * row
    middle = top + BOX_HEIGHT // 2
    folded, per_fold = flow.per_fold
    kind = "best" if stage == flow.result else "box" if row else "input"
    if stage == folded:
        for shift in (8, 4):
            yield _box(LEFT + shift, top - shift, "box")
    yield _box(LEFT, top, kind)
    yield _text(LEFT + BOX_WIDTH // 2, middle + 5, stage, "stage", "middle")
    if row:
        yield f'<path d="M{LEFT + BOX_WIDTH + 10},{middle} h22"/>'
    if row + 1 < len(flow.stages):
        yield f'<path d="M{LEFT + BOX_WIDTH // 2},{top + BOX_HEIGHT} v{ROW - BOX_HEIGHT - 1}"/>'
    lines = _lines(out)
    for number, line in enumerate(lines):
        place = middle + 5 + 17 * number - 8 * (len(lines) - 1)
        yield _text(TEXT_LEFT, place, line, "result" if stage == flow.result else "")
    if stage == folded:
        yield _text(LEFT + BOX_WIDTH // 2 + 14, top + BOX_HEIGHT + 13, per_fold, "small")


def _box(left: int, top: int, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
        'rx="6"/>'
    )


def _text(left: int, base: int, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text x="{left}" y="{base}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _lines(text: str) -> list[str]:
    """Break a text in two at a blank near its middle, if one line is too short for it."""
    if sum(2 if east_asian_width(letter) == "W" else 1 for letter in text) <= LINE_LETTERS:
        return [text]
    blanks = [place for place, letter in enumerate(text) if letter == " "]
    cut = min(blanks, key=lambda place: abs(place - len(text) // 2))
    return [text[:cut], text[cut + 1 :]]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name, flow in FLOWS.items():
        (FOLDER / name).write_text(draw(flow), encoding="utf-8")
        logger.info("wrote %s", FOLDER / name)
