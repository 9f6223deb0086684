"""Questions whose right answers were drawn from a reader's probabilities with a known weight.

Three passages are read for each, and the run lists a fourth; each passage has three spans. Two
neighbouring questions have the same gold passage.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from klue_pipeline.odqa.answering.asked_questions import AskedQuestions
from klue_pipeline.odqa.settings.reader_params import AnswerParams

N_PASSAGES, N_SPANS, TOP_K = 4, 3, 3


@dataclass
class World:
    """What a run of the pipeline would have made before answers are chosen."""

    candidates: pd.DataFrame
    run: pd.DataFrame
    passages: pd.DataFrame
    examples: pd.DataFrame
    gold_passages: pd.DataFrame
    passage_groups: pd.DataFrame

    def ask(self, held_out_part="train"):
        examples = self.examples
        held_out = examples.loc[examples["part"] == held_out_part, "question_id"]
        return AskedQuestions(examples, self.gold_passages, self.passage_groups, held_out)


def make_params(**changed):
    given = {
        "top_k": TOP_K, "passages": "separate", "span_score": "logits", "max_answer_tokens": 30,
        "n_best": 5, "trim_josa": True, "retrieval_weight": None, **changed,
    }  # fmt: skip
    return AnswerParams(**given)


def draw_world(n_questions, weight, seed=0, part="train"):
    """Draw questions; the last tenth are test questions, with nothing known of them."""
    generator = np.random.default_rng(seed)
    names = [f"q{number}" for number in range(n_questions)]
    drawn = [_draw_question(generator, number, weight) for number in range(n_questions)]
    n_test = n_questions // 10
    examples = pd.DataFrame({
        "question_id": names, "question": "무엇인가?", "title": None, "context": None,
        "part": [part] * (n_questions - n_test) + ["test"] * n_test,
        "answers": [[right] for *_, right in drawn[: n_questions - n_test]] + [[]] * n_test,
        "kind": None,
    })  # fmt: skip
    passage_ids = [f"p{number}" for number in range(n_questions + N_PASSAGES)]
    return World(
        pd.concat([candidates for candidates, _, _ in drawn], ignore_index=True),
        pd.concat([run for _, run, _ in drawn], ignore_index=True),
        pd.DataFrame({"passage_id": passage_ids, "title": [f"제목 {p}" for p in passage_ids]}),
        examples.assign(answer_starts=[[0] * len(own) for own in examples["answers"]]),
        pd.DataFrame({"question_id": names,
                      "passage_id": [f"p{number // 2}" for number in range(n_questions)]}),
        pd.DataFrame({"passage_id": passage_ids, "group_id": passage_ids}),
    )  # fmt: skip


def _draw_question(generator, number, weight):
    passages = [f"p{number + place}" for place in range(N_PASSAGES)]
    scores = np.sort(generator.random(N_PASSAGES))[::-1]
    run = pd.DataFrame({"question_id": f"q{number}", "passage_id": passages,
                        "rank": np.arange(N_PASSAGES) + 1, "score": scores})  # fmt: skip
    logits = generator.normal(0, 2, (TOP_K, N_SPANS))
    below = (scores[:TOP_K] - scores[0]) / (scores[0] - scores[-1])
    totals = logits + weight * below[:, None]
    shares = np.exp(totals).ravel() / np.exp(totals).sum()
    right = generator.choice(TOP_K * N_SPANS, p=shares)
    texts = [f"답{number}번{place}" for place in range(TOP_K * N_SPANS)]
    starts = np.arange(TOP_K * N_SPANS) * 10
    candidates = pd.DataFrame({
        "question_id": f"q{number}", "passage_id": np.repeat(passages[:TOP_K], N_SPANS),
        "is_joined": False, "fold": 0, "logit": logits.ravel(),
        "passage_log_total": np.repeat(np.log(np.exp(logits).sum(axis=1)), N_SPANS),
        "start_char": starts, "end_char": starts + [len(text) + 1 for text in texts],
        "text": [f"{text}은" for text in texts], "trimmed_start_char": starts,
        "trimmed_end_char": starts + [len(text) for text in texts], "trimmed_text": texts,
    })  # fmt: skip
    return candidates, run, texts[right]
