"""The trainer against a plain PyTorch loop, against itself resumed, and its choices of state."""

import dataclasses
import errno
import math
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn
from transformers import Trainer

from klue_pipeline.training import best_state, classification
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.classification import FoldRows, loss_of_rows, train_classifier
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.params import LossParams, TrainingParams
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.progress import listening
from klue_pipeline.training.trainer import train
from klue_pipeline.training.workspace import last_whole_checkpoint

pytestmark = pytest.mark.slow

VOCABULARY, WIDTH, LABELS = 40, 12, 3


class MeanClassifier(nn.Module):
    """The smallest model that takes a batch as ours do."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(VOCABULARY, WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(WIDTH, LABELS)

    def forward(self, input_ids, attention_mask, positions):
        mask = attention_mask.unsqueeze(-1)
        mean = (self.embeddings(input_ids) * mask).sum(1) / mask.sum(1)
        return self.output(self.dropout(mean))


class Encoder(nn.Module):
    """Embeddings and two layers, named as in an encoder of Transformers."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(VOCABULARY, WIDTH)
        self.layer = nn.ModuleList([nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids):
        states = self.dropout(self.embeddings(input_ids))
        for layer in self.layer:
            states = states + torch.tanh(layer(states))
        return states


class EncoderClassifier(nn.Module):
    """An encoder of its own under a head."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.encoder = Encoder(dropout)
        self.head = nn.Linear(WIDTH, LABELS)

    def forward(self, input_ids, attention_mask, positions):
        mask = attention_mask.unsqueeze(-1)
        return self.head((self.encoder(input_ids) * mask).sum(1) / mask.sum(1))


def make_rows(count: int, seed: int) -> EncodedRows:
    generator = np.random.default_rng(seed)
    lengths = generator.integers(3, 20, count)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = generator.integers(1, VOCABULARY, offsets[-1])
    labels = np.array([tokens[s] % LABELS for s in offsets[:-1]])
    return EncodedRows(
        input_ids=tokens,
        token_type_ids=None,
        offsets=offsets,
        columns={
            "positions": np.zeros((count, 4), dtype=np.int64),
            "labels": labels.astype(np.int64),
            "weights": np.ones(count, dtype=np.float32),
        },
        padding_id=0,
    )


@pytest.fixture(scope="module")
def rows() -> FoldRows:
    validation = make_rows(24, seed=2)
    return FoldRows(make_rows(80, seed=1), validation, validation.columns["labels"])


def settings(**changes) -> TrainingParams:
    plain = {
        "epochs": 2,
        "learning_rate": 0.05,
        "batch_size": 8,
        "evaluation_batch_size": 16,
        "accumulation_steps": 1,
        "max_tokens": 64,
        "weight_decay": 0.0,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "schedule": "constant",
        "warmup_share": 0.0,
        "precision": "fp32",
        "device": "cpu",
        "seed": 7,
        "group_by_length": False,
        "compile": False,
        "log_every_steps": 1,
        "select_by": "accuracy",
    }
    return TrainingParams(**{**plain, **changes})


def scorer(logits, gold):
    loss = nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(gold)).item()
    accuracy = 100.0 * float((logits.argmax(1) == gold).mean())
    return {"accuracy": accuracy, "loss": loss, "micro_f1": accuracy, "auprc": accuracy}


@pytest.mark.parametrize(("direction", "scored"), [(1, 3), (-1, 4)], ids=["last", "first"])
def test_the_best_state_is_not_scored_again_where_it_is_the_last(
    rows, tmp_path, monkeypatch, direction, scored
):
    kept = []

    def predict(*args):
        kept.append(predict_logits(*args))
        return kept[-1]

    def count(logits, gold):
        return {**scorer(logits, gold), "accuracy": float(direction * len(kept))}

    monkeypatch.setattr(classification, "predict_logits", predict)
    result = train_classifier(
        lambda: MeanClassifier(0.0), rows, make_loss(), count, settings(epochs=3), tmp_path
    )
    assert len(kept) == scored
    best = kept[2] if direction == 1 else kept[0]
    np.testing.assert_array_equal(result.validation_logits, best)


def make_loss(**changes):
    context = LossContext(("a", "b", "c"), torch.tensor([30, 30, 20]))
    return build_loss(LossParams(**{"name": "cross_entropy", **changes}), context)


def run(rows, folder, params, dropout=0.0, model=MeanClassifier, loss=None):
    folder.mkdir(exist_ok=True)
    loss = loss or make_loss()
    return train_classifier(lambda: model(dropout), rows, loss, scorer, params, folder)


def test_losses_equal_a_plain_loop(rows, tmp_path):
    result = run(rows, tmp_path / "scratch", settings())
    found = [entry["train_loss"] for entry in result.history if "train_loss" in entry]

    torch.manual_seed(7)
    model = MeanClassifier(0.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.0)
    wanted = []
    for epoch in range(2):
        order = np.random.default_rng([7, epoch])
        shuffled = order.permutation(80)
        batches = [shuffled[start : start + 8] for start in range(0, 80, 8)]
        for index in order.permutation(len(batches)):
            batch = rows.training.__getitems__(batches[index].tolist())
            labels, _ = batch.pop("labels"), batch.pop("weights")
            loss = nn.functional.cross_entropy(model(**batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            wanted.append(loss.item())

    assert len(found) == 20
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_compiled_training_is_the_same_by_one_graph_for_all_lengths(rows, tmp_path, monkeypatch):
    graphs = []

    def count(graph, _):
        graphs.append(graph)
        return graph.forward

    compile_model = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda model, **how: compile_model(model, **{**how, "backend": count})
    )
    params = settings(batch_size=24, compile=True)  # the last of four batches is smaller
    compiled = run(rows, tmp_path / "compiled", params, model=EncoderClassifier)
    assert len(graphs) == 1
    plain = run(rows, tmp_path / "plain", settings(batch_size=24), model=EncoderClassifier)
    assert list(compiled.model.state_dict()) == list(plain.model.state_dict())
    np.testing.assert_allclose(compiled.validation_logits, plain.validation_logits, atol=1e-5)


class InOrder:
    """Batches of ten rows in a row, from a row that is the epoch's number."""

    epoch = 0
    batch_size = 10

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return 3

    def __iter__(self):
        starts = range(self.epoch, self.epoch + 30, 10)
        return iter([list(range(start, start + 10)) for start in starts])


def test_a_task_may_choose_which_rows_make_up_a_batch(rows, tmp_path):
    seen = []

    def loss(model, batch, progress):
        seen.append(batch["input_ids"].sum().item())
        logits = model(*(batch[name] for name in ("input_ids", "attention_mask", "positions")))
        return nn.functional.cross_entropy(logits, batch["labels"], reduction="none")

    result = train(
        MeanClassifier(0.0), rows.training, loss, lambda model: {"accuracy": 1.0},
        settings(batch_size=2), tmp_path, order=InOrder(),
    )  # fmt: skip
    wanted = [range(epoch + start, epoch + start + 10) for epoch in (0, 1) for start in (0, 10, 20)]
    assert seen == [rows.training.__getitems__(list(each))["input_ids"].sum() for each in wanted]
    assert result.steps == 6
    assert result.best_metrics() == {"accuracy": 1.0}


def test_accumulated_batches_equal_one_large_batch(rows, tmp_path):
    # 80 rows in batches of 8 shuffled differently cannot be compared, so take all rows at once:
    # one batch of 80 against two of 40, whose weighted sums must be the same gradient.
    whole = run(rows, tmp_path / "whole", settings(batch_size=80, epochs=3))
    halves = run(rows, tmp_path / "halves", settings(batch_size=40, accumulation_steps=2, epochs=3))
    np.testing.assert_allclose(halves.validation_logits, whole.validation_logits, atol=1e-4)


def test_row_weights_are_honoured(rows, tmp_path):
    """A row of weight 2 trains like the same row written twice."""
    base = rows.training
    weighted = dict(base.columns) | {"weights": np.ones(80, dtype=np.float32)}
    weighted["weights"][:40] = 2.0
    heavy = EncodedRows(base.input_ids, None, base.offsets, weighted, 0)
    lengths = np.concatenate([base.lengths, base.lengths[:40]])
    twice = EncodedRows(
        np.concatenate([base.input_ids, base.input_ids[: base.offsets[40]]]),
        None,
        np.concatenate([[0], np.cumsum(lengths)]),
        {name: np.concatenate([values, values[:40]]) for name, values in base.columns.items()},
        0,
    )
    fold = lambda training: FoldRows(training, rows.validation, rows.validation_label_ids)  # noqa: E731
    one_batch = settings(batch_size=200, epochs=4)
    found = run(fold(heavy), tmp_path / "heavy", one_batch).validation_logits
    wanted = run(fold(twice), tmp_path / "twice", one_batch).validation_logits
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert not np.allclose(
        found, run(rows, tmp_path / "plain", one_batch).validation_logits, atol=1e-4
    )


def test_labels_are_balanced_as_set(rows, tmp_path):
    labels = np.repeat([0, 1, 2], [70, 5, 5])
    columns = dict(rows.training.columns) | {"labels": labels}
    training = dataclasses.replace(rows.training, columns=columns)
    seen = []

    def loss(logits, targets, progress):
        seen.extend(targets.label_ids.tolist())
        return nn.functional.cross_entropy(logits, targets.label_ids, reduction="none")

    params = settings(epochs=1, label_balance=1.0)
    run(dataclasses.replace(rows, training=training), tmp_path / "scratch", params, loss=loss)
    np.testing.assert_allclose(np.bincount(seen), [27, 27, 27], atol=1)


class KilledError(Exception):
    """Stands in for a kill at one moment of the training."""


# All that depends on how far the training is: 30 steps, of which the encoder is frozen for 20, and
# the loss weighs labels from step 15 on.
ALL_AT_ONCE = {
    "epochs": 3, "checkpoint_every_steps": 5, "group_by_length": True, "schedule": "cosine",
    "label_balance": 0.7, "weight_decay": 0.1, "layer_decay": 0.8, "freeze": "encoder",
    "freeze_epochs": 2,
}  # fmt: skip
LDAM = {"name": "ldam", "max_margin": 0.5, "reweight_after_share": 0.5}


@pytest.fixture(scope="module")
def run_all_at_once(rows):
    def run_once(folder, beta=0.99):
        loss = make_loss(**LDAM, beta=beta)
        params = settings(**ALL_AT_ONCE)
        return run(rows, folder, params, dropout=0.3, model=EncoderClassifier, loss=loss)

    return run_once


@pytest.fixture(scope="module")
def unbroken(run_all_at_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return folder, run_all_at_once(folder)


@pytest.mark.parametrize(
    ("killed_at_step", "while_logging", "goes_on_from"),
    [
        (4, "train_loss", None),
        (17, "train_loss", "checkpoint-15"),  # in the middle of an epoch, with a frozen encoder
        # Saves by steps fall on the last step of an epoch too; its evaluation must not get lost.
        (10, "validation_loss", "checkpoint-5"),
        (30, "validation_loss", "checkpoint-25"),
    ],
)
def test_resumed_training_ends_like_an_unbroken_one(
    run_all_at_once, unbroken, tmp_path, killed_at_step, while_logging, goes_on_from
):
    def kill(step, values):
        if step == killed_at_step and while_logging in values:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run_all_at_once(tmp_path)
    checkpoint = last_whole_checkpoint(tmp_path)
    assert (checkpoint and checkpoint.name) == goes_on_from
    resumed, (_, wanted) = run_all_at_once(tmp_path), unbroken
    np.testing.assert_array_equal(resumed.validation_logits, wanted.validation_logits)
    assert resumed.best_step == wanted.best_step
    assert resumed.history == wanted.history


def test_losses_between_two_logged_steps_are_kept(rows, tmp_path):
    """Step 8 logs the mean of steps 5 to 8, also if the training went on after step 5."""
    params = settings(log_every_steps=4, checkpoint_every_steps=5)
    dies_at = 6 / 20

    def dying(logits, targets, progress):
        if progress >= dies_at:
            raise KilledError
        return nn.functional.cross_entropy(logits, targets.label_ids, reduction="none")

    with pytest.raises(KilledError):
        run(rows, tmp_path / "resumed", params, loss=dying)
    dies_at = 2.0
    resumed = run(rows, tmp_path / "resumed", params, loss=dying)
    assert resumed.history == run(rows, tmp_path / "unbroken", params, loss=dying).history


def test_a_training_by_tokens_is_resumed(rows, tmp_path):
    """Killed in the second epoch, whose batches must be as many as those of the first."""
    by_tokens = {"tokens_per_batch": 100, "batch_size": 1, "group_by_length": True}
    params = settings(**by_tokens, accumulation_steps=2, checkpoint_every_steps=3)

    def kill(step, values):
        if step == unbroken.steps - 1:
            raise KilledError

    unbroken = run(rows, tmp_path / "unbroken", params, dropout=0.3)
    assert unbroken.steps == 10  # of two batches of about 9 rows of 11 tokens each
    with pytest.raises(KilledError), listening(kill):
        run(rows, tmp_path / "resumed", params, dropout=0.3)
    assert last_whole_checkpoint(tmp_path / "resumed").name == "checkpoint-6"
    assert run(rows, tmp_path / "resumed", params, dropout=0.3).history == unbroken.history


def test_a_training_of_which_the_state_is_damaged_starts_anew(run_all_at_once, unbroken, tmp_path):
    def kill(step, values):
        if step == 17:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run_all_at_once(tmp_path)
    optimizer = tmp_path / "checkpoint-15" / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:500])
    again, (_, wanted) = run_all_at_once(tmp_path), unbroken
    np.testing.assert_array_equal(again.validation_logits, wanted.validation_logits)
    assert again.history == wanted.history


@pytest.mark.parametrize(
    ("owner", "writer"),
    [
        (Trainer, "_save_optimizer_and_scheduler"),
        (Trainer, "_save_rng_state"),
        (best_state, "save_file"),
    ],
)
def test_a_full_disk_leaves_the_state_before(rows, tmp_path, monkeypatch, owner, writer):
    write, full = getattr(owner, writer), False

    def write_if_there_is_room(*arguments, **options):
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments, **options)

    def fill(step, values):
        nonlocal full
        full = step >= 12

    params = settings(epochs=3, checkpoint_every_steps=5, learning_rate=0.01)
    scratch = tmp_path / "scratch"
    monkeypatch.setattr(owner, writer, write_if_there_is_room)
    said = r"could not be written to .*No space left"
    with pytest.raises(OSError, match=said) as raised, listening(fill):
        run(rows, scratch, params)
    assert str(scratch) in str(raised.value)
    left = last_whole_checkpoint(scratch)
    assert left is not None
    assert sorted(scratch.glob("checkpoint-*")) == [left]
    assert list(scratch.glob("*.partial")) == []
    full = False
    resumed = run(rows, scratch, params)
    assert resumed.history == run(rows, tmp_path / "unbroken", params).history


def test_a_loss_that_weighs_labels_late_shows(run_all_at_once, unbroken, tmp_path):
    """Otherwise the comparison above would prove nothing."""
    never = run_all_at_once(tmp_path, beta=0.0)
    losses = [
        [e["train_loss"] for e in r.history if "train_loss" in e] for r in (never, unbroken[1])
    ]
    assert losses[0][:15] == losses[1][:15]
    assert losses[0][15] != losses[1][15]


def test_killed_after_the_last_step_needs_no_step_more(run_all_at_once, unbroken):
    folder, first = unbroken
    steps = []
    with listening(lambda step, values: steps.append(step)):
        again = run_all_at_once(folder)
    assert steps == []
    np.testing.assert_array_equal(again.validation_logits, first.validation_logits)


MAX_STEPS = {"max_steps": 25, "freeze_epochs": 1, "freeze_at": "end"}


@pytest.mark.parametrize(
    ("killed_at_step", "while_logging"),
    [(17, "train_loss"), (25, "train_loss"), (25, "validation_loss"), (None, "")],
)
def test_resumed_training_ends_at_max_steps_too(rows, tmp_path, killed_at_step, while_logging):
    """25 of 30 steps, the last of them in mid-epoch; killed there, or when all was written."""
    params = settings(**{**ALL_AT_ONCE, **MAX_STEPS})
    steps = []

    def fit(folder):
        loss = make_loss(**LDAM, beta=0.99)
        return run(rows, folder, params, dropout=0.3, model=EncoderClassifier, loss=loss)

    def kill(step, values):
        steps.append(step)
        if step == killed_at_step and while_logging in values:
            raise KilledError

    wanted = fit(tmp_path / "unbroken")
    with nullcontext() if killed_at_step is None else pytest.raises(KilledError), listening(kill):
        fit(tmp_path / "resumed")
    resumed = fit(tmp_path / "resumed")
    np.testing.assert_array_equal(resumed.validation_logits, wanted.validation_logits)
    assert (resumed.steps, resumed.best_step) == (25, wanted.best_step)
    assert resumed.history == wanted.history
    assert [e["step"] for e in wanted.history if "validation_loss" in e] == [10, 20, 25]


@pytest.mark.parametrize(
    ("changes", "evaluated_at"),
    [
        ({}, [10, 12]),
        ({"batch_size": 16}, [5, 10, 12]),
        ({"accumulation_steps": 4, "epochs": 5}, [3, 6, 9, 12]),
        ({"evaluate_every_steps": 5}, [5, 10, 12]),
        ({"evaluate_every_steps": 6, "checkpoint_every_steps": 5}, [6, 12]),
    ],
)
def test_max_steps_end_the_training(rows, tmp_path, caplog, changes, evaluated_at):
    """12 steps, whatever the batches: warm-up and schedule run over these, and so does the loss."""
    progress = []

    def spy(logits, targets, done):
        progress.append(done)
        return nn.functional.cross_entropy(logits, targets.label_ids, reduction="none")

    params = settings(
        **{"epochs": 4, "max_steps": 12, "schedule": "linear", "warmup_share": 1 / 6, **changes}
    )
    with caplog.at_level("INFO"):
        result = run(rows, tmp_path / "scratch", params, loss=spy)
    assert result.steps == 12
    assert sorted(set(progress)) == [step / 12 for step in range(12)]
    rates = [entry["learning_rate"] for entry in result.history if "learning_rate" in entry]
    shares = [0, 1 / 2] + [1 - (step - 2) / 10 for step in range(2, 12)]
    assert rates == pytest.approx([0.05 * share for share in shares])
    assert [e["step"] for e in result.history if "validation_loss" in e] == evaluated_at
    assert "train: max_steps ended the training after 12 steps" in caplog.text


def test_epochs_that_are_over_before_max_steps_say_so(rows, tmp_path, caplog):
    result = run(rows, tmp_path / "scratch", settings(max_steps=21))
    assert result.steps == 20
    assert "the epochs were over after 20 steps, before max_steps (21)" in caplog.text


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_best_state_is_the_one_returned(rows, tmp_path, metric):
    params = settings(epochs=6, learning_rate=0.3, select_by=metric)
    result = run(rows, tmp_path / "scratch", params)
    measured = {
        e["step"]: e[f"validation_{metric}"] for e in result.history if f"validation_{metric}" in e
    }
    best = min(measured.values()) if metric == "loss" else max(measured.values())
    assert measured[result.best_step] == best
    assert scorer(result.validation_logits, rows.validation_label_ids)[metric] == pytest.approx(
        best, abs=1e-5
    )


def test_early_stopping_counts_evaluations_without_improvement(rows, tmp_path):
    params = settings(epochs=20, learning_rate=1.0, select_by="loss", early_stopping_patience=2)
    result = run(rows, tmp_path / "scratch", params)
    losses = [e["validation_loss"] for e in result.history if "validation_loss" in e]
    assert len(losses) < 20
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


def test_evaluation_every_n_steps_and_at_the_end(rows, tmp_path):
    result = run(rows, tmp_path / "scratch", settings(evaluate_every_steps=7))
    assert [e["step"] for e in result.history if "validation_loss" in e] == [7, 14, 20]


def cosine(share):
    return (1 + math.cos(math.pi * share)) / 2


SCHEDULES = {
    "constant": ({}, lambda share: 1.0),
    "linear": ({}, lambda share: 1 - share),
    "cosine": ({}, cosine),
    "cosine_restarts": ({"schedule_cycles": 4}, lambda share: cosine(4 * share % 1)),
}


@pytest.mark.parametrize(("schedule", "case"), SCHEDULES.items())
def test_learning_rate_of_every_step(rows, tmp_path, schedule, case):
    """10 steps, of which 2 warm up: from 0 to the full rate, and then as the schedule has it."""
    options, shape = case
    params = settings(epochs=1, schedule=schedule, warmup_steps=2, learning_rate=0.5, **options)
    result = run(rows, tmp_path / "scratch", params)
    found = [entry["learning_rate"] for entry in result.history if "learning_rate" in entry]
    wanted = [0, 1 / 2] + [shape((step - 2) / 8) for step in range(2, 10)]
    assert found == pytest.approx([0.5 * share for share in wanted])


def test_layers_learn_at_their_own_rates_through_the_schedule(rows, tmp_path):
    """Adam's first step is as long as the learning rate, whatever the gradient."""
    models = []

    def model(dropout):
        models.append(EncoderClassifier(dropout))
        models.append({name: weight.clone() for name, weight in models[0].named_parameters()})
        return models[0]

    params = settings(
        epochs=1, batch_size=80, learning_rate=1e-3, head_learning_rate=1e-2, layer_decay=0.1
    )
    run(rows, tmp_path / "scratch", params, model=model)
    trained, start = models
    moved = {name: (w - start[name]).abs().max().item() for name, w in trained.named_parameters()}
    wanted = {"head": 1e-2, "encoder.layer.1": 1e-3, "encoder.layer.0": 1e-4, "encoder.emb": 1e-5}
    for name, distance in moved.items():
        (rate,) = (rate for prefix, rate in wanted.items() if name.startswith(prefix))
        assert distance == pytest.approx(rate, rel=0.05), name


def test_the_loss_gets_the_share_of_optimizer_steps_that_are_done(rows, tmp_path):
    """10 batches an epoch by 4 are steps of 4, 4 and 2 batches."""
    seen = []

    def spy(logits, targets, progress):
        seen.append(progress)
        return nn.functional.cross_entropy(logits, targets.label_ids, reduction="none")

    run(rows, tmp_path / "scratch", settings(accumulation_steps=4), loss=spy)
    steps = [0] * 4 + [1] * 4 + [2] * 2 + [3] * 4 + [4] * 4 + [5] * 2
    assert seen == [step / 6 for step in steps]


class WatchedClassifier(EncoderClassifier):
    """Keeps a copy of its weights at its start and after each optimizer step."""

    def __init__(self, dropout):
        super().__init__(dropout)
        self.copies = []
        self.keep_copy()

    def keep_copy(self):
        self.copies.append({name: value.clone() for name, value in self.state_dict().items()})

    def moved(self, prefix):
        """Tell for each step, counted from 1, whether all, none or some of the part moved."""
        answers = {True: "all", False: "none"}
        steps = []
        for before, after in zip(self.copies, self.copies[1:], strict=False):
            names = [name for name in after if name.startswith(prefix)]
            found = {not torch.equal(before[name], after[name]) for name in names}
            steps.append(answers[found.pop()] if len(found) == 1 else "some")
        return steps


def watch(rows, folder, params, dropout=0.0):
    built = []

    def model(dropout):
        built.append(WatchedClassifier(dropout))
        return built[0]

    def copy(step, values):
        if "train_loss" in values:
            built[0].keep_copy()

    with listening(copy):
        result = run(rows, folder, params, dropout, model)
    return result, built[0]


@pytest.mark.parametrize(
    ("freeze", "accumulation_steps", "steps", "learning"),
    [("encoder", 4, 3, ["head"]), ("embeddings", 1, 10, ["encoder.layer", "head"])],
)
def test_frozen_weights_stand_still_and_thawed_ones_move(
    rows, tmp_path, freeze, accumulation_steps, steps, learning
):
    """10 batches an epoch. Weight decay alone would move a weight that has a gradient of 0."""
    params = settings(
        accumulation_steps=accumulation_steps, weight_decay=0.5, freeze=freeze, freeze_epochs=1
    )
    _, model = watch(rows, tmp_path / "scratch", params)
    frozen = "encoder" if freeze == "encoder" else "encoder.embeddings"
    assert model.moved(frozen) == ["none"] * steps + ["all"] * steps
    for part in learning:
        assert model.moved(part) == ["all"] * 2 * steps


def test_weights_that_never_learn_are_part_of_the_result(rows, tmp_path):
    params = settings(batch_size=16, freeze="encoder", weight_decay=0.5)
    result, model = watch(rows, tmp_path / "scratch", params)
    assert model.moved("encoder") == ["none"] * 10
    found, start = result.model.state_dict(), model.copies[0]
    assert found.keys() == start.keys()
    assert all(torch.equal(found[n], start[n]) for n in start if n.startswith("encoder"))
    assert not torch.equal(found["head.weight"], start["head.weight"])


def test_out_of_memory_names_the_setting_to_lower(rows, tmp_path):
    class Greedy(MeanClassifier):
        def forward(self, **batch):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    loss = make_loss()
    folder = tmp_path / "scratch"
    folder.mkdir()
    with pytest.raises(RuntimeError, match=r"training\.batch_size=8.*accumulation_steps"):
        train_classifier(lambda: Greedy(0.0), rows, loss, scorer, settings(), folder)


@pytest.mark.parametrize(("max_steps", "last_step"), [(None, 20), (15, 15)])
def test_without_a_judge_the_last_state_is_the_result(rows, tmp_path, max_steps, last_step):
    """Saved after each epoch of 10 steps; a kill at the end of the second one changes nothing."""

    def fit(folder):
        folder.mkdir(exist_ok=True)
        torch.manual_seed(7)
        loss = loss_of_rows(make_loss())
        params = settings(log_every_steps=100, max_steps=max_steps)
        return train(EncoderClassifier(0.3), rows.training, loss, None, params, folder)

    def kill(step, values):
        if step == last_step:
            raise KilledError

    unbroken = fit(tmp_path / "unbroken")
    assert [(e["step"], set(e) - {"step", "epoch"}) for e in unbroken.history] == [
        (step, {"train_loss", "gradient_norm", "learning_rate"}) for step in (10, last_step)
    ]
    assert unbroken.best_metrics() == {}
    assert unbroken.best_step == unbroken.steps == last_step
    assert not list((tmp_path / "unbroken").glob("best*"))
    with pytest.raises(KilledError), listening(kill):
        fit(tmp_path / "resumed")
    assert last_whole_checkpoint(tmp_path / "resumed").name == "checkpoint-10"
    resumed = fit(tmp_path / "resumed")
    assert resumed.history == unbroken.history
    found, wanted = resumed.model.state_dict(), unbroken.model.state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
