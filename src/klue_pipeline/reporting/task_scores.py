"""The scores that a task is judged by, as tables, pages and figures need to know them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One score of a task, 0 to 100.

    Attributes:
        name: What it is called in tables and settings.
        title: What a person calls it, as in the middle of a sentence.
        higher_is_better: Whether the better of two models has the higher one.
        published_as: The score that a contest publishes and that comes closest to it; empty for
            one that is published itself.
    """

    name: str
    title: str
    higher_is_better: bool = True
    published_as: str = ""

    @property
    def heading(self) -> str:
        """The title where a line begins with it.

        >>> Score("micro_f1", "micro F1").heading
        'Micro F1'
        """
        return self.title[:1].upper() + self.title[1:]

    def merit(self, value: float) -> float:
        """Return a number that is the larger, the better a value of this score is."""
        return value if self.higher_is_better else -value


@dataclass(frozen=True)
class TaskScores:
    """The scores of a task in the order in which they are shown.

    Attributes:
        scores: The scores.
        judged_on: What experiments are ranked on.
        row: What is scored, in one word.
        by_fold: Whether folds are trained and out-of-fold rows are scored; where not, a leaderboard
            has no columns of these.
        tested: The score of a row that is right or wrong, which McNemar's test compares; empty
            where there is none.
        command: What makes the first entry of a leaderboard.
        selected_in: The setting that names the score which decides.
    """

    scores: tuple[Score, ...]
    judged_on: str = "out-of-fold rows"
    row: str = "row"
    by_fold: bool = True
    tested: str = "accuracy"
    command: str = "kedro run"
    selected_in: str = "evaluation.select_by"

    @property
    def rows(self) -> str:
        """What is scored, in the plural."""
        return f"{self.row}s"

    @property
    def published(self) -> tuple[Score, ...]:
        """Those that a contest publishes, and that are shown of test rows with known labels."""
        return tuple(score for score in self.scores if not score.published_as)

    def find(self, name: str) -> Score:
        """Return the score of a name.

        Raises:
            ValueError: There is no such score.
        """
        for score in self.scores:
            if score.name == name:
                return score
        names = ", ".join(score.name for score in self.scores)
        raise ValueError(f"Found score {name!r}; one of {names} was wanted.")

    def find_published(self, name: str) -> Score:
        """Return the published score that comes closest to the score of a name."""
        return self.find(self.find(name).published_as or name)
