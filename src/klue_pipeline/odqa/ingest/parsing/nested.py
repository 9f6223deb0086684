"""Questions below their paragraphs: the JSON of SQuAD, KorQuAD and KLUE-MRC."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from klue_pipeline.odqa.ingest.parsing import flat
from klue_pipeline.odqa.ingest.parsing.raw_question import RawQuestion
from klue_pipeline.text.records.json_records import DECODER, Record
from klue_pipeline.text.records.raw_file import FormatError, RawFile
from klue_pipeline.text.shortened import shorten


def parse(raw: RawFile) -> Iterator[RawQuestion]:
    """Read ``data`` -> ``paragraphs`` -> ``qas``, or rows of the hub that hold the same.

    Raises:
        ValueError: The JSON is not whole, or is laid out otherwise.
    """
    if raw.records is not None:
        return flat.parse(raw)
    return flat.number_rows(_walk(_articles(raw)))


def _articles(raw: RawFile) -> list[Any]:
    text = raw.require_text()
    try:
        content = DECODER.decode(text.strip())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{raw.name} is not whole JSON: {error.msg} at line {error.lineno}, column "
            f"{error.colno} (character {error.pos} of {len(text)}). Is the file cut off? Fetch it "
            "again."
        ) from error
    except RecursionError as error:
        raise FormatError(f"{raw.name} is nested too deeply for a file of questions.") from error
    articles = content.get("data") if isinstance(content, dict) else content
    if not isinstance(articles, list):
        raise FormatError(
            f"{raw.name} has no list data, as files of SQuAD, KorQuAD and KLUE-MRC have: it is "
            f"{shorten(repr(content))}. Set odqa.ingest.format to what it is."
        )
    return articles


def _walk(articles: list[Any]) -> Iterator[Record]:
    """Yield each question with what stands above it, or what is wrong in its place."""
    for article in articles:
        for paragraph in _children(article, "paragraphs"):
            for question in _children(paragraph, "qas"):
                if isinstance(question, Mapping) and isinstance(paragraph, Mapping):
                    yield {
                        "title": article.get("title"),
                        "context": paragraph.get("context"),
                        **question,
                    }
                else:
                    yield f"wanted a question, found {shorten(repr(question))}"


def _children(above: Any, name: str) -> list[Any]:
    """Return what stands below; something that has no such list stands for itself."""
    below = above.get(name) if isinstance(above, Mapping) else None
    return below if isinstance(below, list) else [above]
