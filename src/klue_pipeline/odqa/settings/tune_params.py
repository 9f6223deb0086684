"""Settings of a search for settings of the reader, or of the retriever."""

from typing import ClassVar, Literal

from klue_pipeline.base_settings import Settings
from klue_pipeline.training.tuning.tune_params import Dimension, Dimensions, SearchParams

TunedPart = Literal["reader", "retriever"]


class OdqaSpaces(Settings):
    """What is searched of each part, by the whole names of settings (``odqa.head.dropout``)."""

    reader: Dimensions
    """Of the reader: ``odqa.reader``, ``odqa.head`` and ``odqa.training``."""
    retriever: Dimensions
    """Of the experiment's one retriever: its ``odqa.retrievers.<name>``, and of one that is trained
    ``odqa.encoder``, ``odqa.contrastive`` and ``odqa.retriever_training``. What stands here of
    other retrievers is left out."""


class OdqaTuneParams(SearchParams):
    """How settings of open-domain QA are searched; ``folds`` are those of the reader."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = SearchParams.results_do_not_depend_on | {
        "spaces"
    }

    part: TunedPart
    """What is searched: settings of the reader, judged by ``odqa.evaluation.select_answers_by`` on
    the questions that folds hold out, or of the retriever, judged by ``odqa.evaluation.select_by``
    on the validation questions."""
    spaces: OdqaSpaces
    """What is searched of each part."""

    @property
    def space(self) -> dict[str, Dimension]:
        """What is searched of the part that is searched."""
        found: dict[str, Dimension] = getattr(self.spaces, self.part)
        return found
