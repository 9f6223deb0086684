"""Settings of the reader: what it learns from, its head, its training, and how it answers."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from klue_pipeline.base_settings import MethodSettings, Seed, Settings
from klue_pipeline.training.params import EncoderParams, FoldTrainingParams

ReaderFoldStrategy = Literal["group", "holdout", "validation", "all"]
ReaderHeadName = Literal["linear", "bilstm", "bilstm_layer_norm", "cnn", "cnn_bilstm", "attention"]
QuestionAugmentation = Literal["random_flip", "multiple_answers", "question_mask"]
PassageReading = Literal["separate", "joined"]
SpanScore = Literal["logits", "over_no_answer"]
AnswerScore = Literal["exact_match", "character_f1"]
AnswerEnsembleMethod = Literal["probability_sum", "weighted", "hard_vote"]
TieBreak = Literal["longer", "shorter"]

ONE_FOLD: frozenset[ReaderFoldStrategy] = frozenset({"holdout", "validation", "all"})
"""Strategies with a single fold."""


class ReaderFoldsParams(Settings):
    """Which questions a reader learns from, and which it answers without having seen them."""

    results_do_not_depend_on: ClassVar[frozenset[str]] = frozenset({"run"})

    strategy: ReaderFoldStrategy
    """``group``: so many folds of the training questions, no passage group in two of them;
    ``holdout``: one fold that holds out a share of them; ``validation``: one fold that learns from
    all training questions and holds out the validation questions; ``all``: one that learns from
    both, and of which no validation score can be told."""
    n_splits: int = Field(ge=1, le=50)
    """Folds; 1 for every strategy but ``group``."""
    validation_share: float = Field(gt=0, lt=1)
    """Share of the training questions that ``holdout`` holds out, by passage groups."""
    seed: Seed
    run: list[int] | None = None
    """Folds to train out of the fixed split, counted from 0; None trains all of them."""

    @model_validator(mode="after")
    def _check_counts(self) -> Self:
        if (self.strategy in ONE_FOLD) != (self.n_splits == 1):
            wanted = "1" if self.strategy in ONE_FOLD else "2 or more"
            raise ValueError(
                f"strategy {self.strategy} needs n_splits of {wanted}; found {self.n_splits}"
            )
        bad = [fold for fold in self.run or [] if not 0 <= fold < self.n_splits]
        bad += [fold for fold, times in Counter(self.run or []).items() if times > 1]
        if bad or self.run == []:
            raise ValueError(
                f"run names folds {self.run}; name some of 0 to {self.n_splits - 1}, each once"
            )
        return self

    @property
    def numbers(self) -> list[int]:
        """The folds that are trained, ascending."""
        return sorted(self.run) if self.run is not None else list(range(self.n_splits))


class ReaderParams(EncoderParams):
    """The encoder of the reader, and the windows it reads passages in."""

    max_question_tokens: int = Field(ge=4)
    """Longest question in tokens; the rest of a longer one is not read."""
    stride: int = Field(ge=0)
    """Tokens of a passage that neighbouring windows share."""
    no_answer_share: float = Field(ge=0, le=1)
    """Share of the windows without an answer that train: their answer is the first token of the
    window, which is no part of question or passage."""
    hard_passages: int = Field(ge=0, le=32)
    """Retrieved passages without the answer that every training question is read with, too; their
    windows train as those without an answer."""
    gold_spans: Literal["first", "all"]
    """Whether a window's first gold span is learnt, or the sum of the likelihoods of all."""


class ReaderHeadParams(MethodSettings):
    """What turns the states of a window into a start and an end score for each token."""

    optional_fields_of: ClassVar[Mapping[str, frozenset[str]]] = dict.fromkeys(
        ("bilstm", "bilstm_layer_norm", "cnn", "cnn_bilstm", "attention"),
        frozenset({"hidden_size"}),
    )

    name: ReaderHeadName
    """The layers between encoder and scores."""
    dropout: float = Field(ge=0, lt=1)
    """Share of the states that is dropped in training, between the layers of the head and in front
    of its last one."""
    hidden_size: int | None = Field(default=None, ge=2)
    """Width of what the head computes (of each direction, of each kernel); None takes the
    encoder's."""


class ReaderTrainingParams(FoldTrainingParams):
    """How a reader is trained; ``max_tokens`` is the longest window, question included."""

    select_by: Literal[  # type: ignore[assignment]
        "exact_match", "character_f1", "loss", "loss_or_exact_match"
    ]
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each target that is spread evenly over the tokens that may be answers."""

    @model_validator(mode="after")
    def _check_that_there_are_no_labels(self) -> Self:
        found = {name: getattr(self, name) for name in ("label_balance", "smote_neighbours")}
        if any(found.values()):
            raise ValueError(
                "label_balance and smote_neighbours are for rows with labels, which windows of a "
                "passage do not have; leave them out"
            )
        return self


class RandomFlipParams(Settings):
    """Cut a question between two words and swap the halves."""

    share: float = Field(gt=0, le=1)
    """Share of the training questions that get a flipped copy."""


class QuestionMaskParams(Settings):
    """Put the mask token in place of some content words of a question."""

    share: float = Field(gt=0, le=1)
    """Share of the training questions that get a masked copy."""
    max_words: int = Field(ge=1)
    """Most words that are masked in one question."""


class QuestionAugmentParams(Settings):
    """Which questions are added to the training part of a fold."""

    methods: list[QuestionAugmentation]
    """The methods to use; the settings of the others are not read."""
    random_flip: RandomFlipParams
    question_mask: QuestionMaskParams
    seed: Seed

    @model_validator(mode="after")
    def _check_methods(self) -> Self:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"methods names one twice: {self.methods}")
        return self

    def unread_fields(self) -> frozenset[str]:
        """Leave out the settings of methods that are not used."""
        return frozenset({"random_flip", "question_mask"}) - frozenset(self.methods)


class AnswerParams(Settings):
    """How the passages of a question become one answer."""

    top_k: int = Field(ge=1, le=1000)
    """Passages of a question that are read, best first."""
    passages: PassageReading
    """Whether each passage is read on its own, or all of a question as one text, in which an
    answer may begin in one passage and end in the next."""
    span_score: SpanScore
    """What spans of all passages are compared by: the sum of their start and end ``logits``, or
    that ``over_no_answer``, from which the logits of no answer in the same window are taken."""
    max_answer_tokens: int = Field(ge=1)
    """Longest answer in tokens."""
    n_best: int = Field(ge=1, le=100)
    """Answers that are kept of a passage, and of a question."""
    retrieval_weight: Annotated[float, Field(ge=0)] | None = None
    """Weight of the retrieval score beside the logits of a span; None fits it on questions that
    the reader did not learn from."""
    trim_josa: bool
    """Whether a particle at the end of an answer is cut off."""
    abstain_below: float | None = Field(default=None, gt=0, lt=1)
    """Probability of being right below which no answer is given; None always answers."""


class AnswerEnsembleParams(Settings):
    """How the answers of several experiments become one."""

    members: list[str] | None
    """Experiments to combine; None takes every one on disk that answered the same questions."""
    method: AnswerEnsembleMethod
    """Equal answers add up their probabilities, weighed by experiment or not, or their votes."""
    ties: TieBreak
    """Which of several answers with as many votes wins."""
    select_by: AnswerScore
    """What weights are fitted to."""
