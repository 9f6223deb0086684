"""The trainer against a plain PyTorch loop, against itself resumed, and its choices of state."""

import dataclasses
import math
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.classification import FoldRows, train_classifier
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.params import LossParams, TrainingParams
from klue_pipeline.training.progress import listening
from klue_pipeline.training.workspace import last_whole_checkpoint

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


@pytest.mark.parametrize(("label_balance", "drawn"), [(0.0, [70, 5, 5]), (1.0, [27, 27, 27])])
def test_labels_are_balanced_as_set(rows, tmp_path, label_balance, drawn):
    labels = np.repeat([0, 1, 2], [70, 5, 5])
    columns = dict(rows.training.columns) | {"labels": labels}
    training = dataclasses.replace(rows.training, columns=columns)
    seen = []

    def loss(logits, label_ids, progress):
        seen.extend(label_ids.tolist())
        return nn.functional.cross_entropy(logits, label_ids, reduction="none")

    params = settings(epochs=1, label_balance=label_balance)
    run(dataclasses.replace(rows, training=training), tmp_path / "scratch", params, loss=loss)
    np.testing.assert_allclose(np.bincount(seen), drawn, atol=1)


class KilledError(Exception):
    """Stands in for a kill at one moment of the training."""


@pytest.mark.parametrize("label_balance", [0.0, 0.7])
@pytest.mark.parametrize("killed_at_step", [4, 13, 20, 26])
def test_resumed_training_ends_like_an_unbroken_one(rows, tmp_path, killed_at_step, label_balance):
    params = settings(
        epochs=3, checkpoint_every_steps=6, group_by_length=True, schedule="linear",
        label_balance=label_balance,
    )  # fmt: skip
    unbroken = run(rows, tmp_path / "unbroken", params, dropout=0.3)

    def kill(step, values):
        if step == killed_at_step and "train_loss" in values:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run(rows, tmp_path / "broken", params, dropout=0.3)
    checkpoint = last_whole_checkpoint(tmp_path / "broken")
    assert (checkpoint is None) == (killed_at_step < 6)
    resumed = run(rows, tmp_path / "broken", params, dropout=0.3)

    np.testing.assert_array_equal(resumed.validation_logits, unbroken.validation_logits)
    assert resumed.best_step == unbroken.best_step
    assert resumed.history == unbroken.history


def run_with_a_kill(rows, folder, params, killed_at_step, **options):
    """Train, die at a step, and train again in the same folder."""

    def kill(step, values):
        if step == killed_at_step and "train_loss" in values:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run(rows, folder, params, **options)
    assert last_whole_checkpoint(folder) is not None
    return run(rows, folder, params, **options)


@pytest.mark.parametrize("killed_at_step", [10, 20, 30])
def test_killed_between_an_epochs_last_step_and_its_evaluation(rows, tmp_path, killed_at_step):
    """Saves by steps fall on the last step of an epoch too; its evaluation must not get lost."""
    params = settings(epochs=3, checkpoint_every_steps=5, group_by_length=True)
    unbroken = run(rows, tmp_path / "unbroken", params, dropout=0.3)

    def kill(step, values):
        if step == killed_at_step and "validation_loss" in values:
            raise KilledError

    with pytest.raises(KilledError), listening(kill):
        run(rows, tmp_path / "broken", params, dropout=0.3)
    resumed = run(rows, tmp_path / "broken", params, dropout=0.3)
    assert resumed.history == unbroken.history
    np.testing.assert_array_equal(resumed.validation_logits, unbroken.validation_logits)


def test_killed_after_the_last_step_needs_no_step_more(rows, tmp_path):
    params = settings()
    first = run(rows, tmp_path / "scratch", params, dropout=0.3)
    steps = []
    with listening(lambda step, values: steps.append(step)):
        again = run(rows, tmp_path / "scratch", params, dropout=0.3)
    assert steps == []
    np.testing.assert_array_equal(again.validation_logits, first.validation_logits)


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
    params = settings(epochs=50, learning_rate=1.0, select_by="loss", early_stopping_patience=2)
    result = run(rows, tmp_path / "scratch", params)
    losses = [e["validation_loss"] for e in result.history if "validation_loss" in e]
    assert len(losses) < 50
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
    """20 steps, of which 4 warm up: from 0 to the full rate, and then as the schedule has it."""
    options, shape = case
    params = settings(schedule=schedule, warmup_steps=4, learning_rate=0.5, **options)
    result = run(rows, tmp_path / "scratch", params)
    found = [entry["learning_rate"] for entry in result.history if "learning_rate" in entry]
    wanted = [step / 4 for step in range(4)] + [shape((step - 4) / 16) for step in range(4, 20)]
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


class ProgressSpy:
    """Cross-entropy that remembers which progress it is told."""

    def __init__(self):
        self.seen = []

    def __call__(self, logits, label_ids, progress):
        self.seen.append(progress)
        return nn.functional.cross_entropy(logits, label_ids, reduction="none")


def test_the_loss_is_told_the_share_of_steps_that_are_done(rows, tmp_path):
    spy = ProgressSpy()
    run(rows, tmp_path / "scratch", settings(), loss=spy)
    assert spy.seen == [step / 20 for step in range(20)]


def test_progress_counts_optimizer_steps_not_batches(rows, tmp_path):
    """10 batches an epoch by 4 are steps of 4, 4 and 2 batches."""
    spy = ProgressSpy()
    run(rows, tmp_path / "scratch", settings(accumulation_steps=4), loss=spy)
    steps = [0] * 4 + [1] * 4 + [2] * 2 + [3] * 4 + [4] * 4 + [5] * 2
    assert spy.seen == [step / 6 for step in steps]


@pytest.mark.parametrize("killed_at_step", [7, 13, 19])
def test_resumed_training_reweights_where_an_unbroken_one_does(rows, tmp_path, killed_at_step):
    params = settings(checkpoint_every_steps=6)
    plain = {"name": "ldam", "max_margin": 0.5, "reweight_after_share": 0.5}
    loss = make_loss(**plain, beta=0.99)
    unbroken = run(rows, tmp_path / "unbroken", params, dropout=0.3, loss=loss)
    resumed = run_with_a_kill(
        rows, tmp_path / "broken", params, killed_at_step, dropout=0.3, loss=loss
    )
    np.testing.assert_array_equal(resumed.validation_logits, unbroken.validation_logits)
    assert resumed.history == unbroken.history
    # Not reweighting shows: otherwise the comparison above would prove nothing.
    never = run(rows, tmp_path / "never", params, dropout=0.3, loss=make_loss(**plain, beta=0.0))
    losses = [[e["train_loss"] for e in r.history if "train_loss" in e] for r in (never, unbroken)]
    assert losses[0][:10] == losses[1][:10]
    assert losses[0][10] != losses[1][10]


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


FROZEN_AND_LEARNING = {
    "encoder": ("encoder", ["head"]),
    "embeddings": ("encoder.embeddings", ["encoder.layer", "head"]),
}


@pytest.mark.parametrize("freeze", FROZEN_AND_LEARNING)
@pytest.mark.parametrize(("epochs", "frozen_steps"), [(1, 10), (2, 20), (None, 30)])
def test_frozen_weights_stand_still_and_thawed_ones_move(
    rows, tmp_path, freeze, epochs, frozen_steps
):
    """10 steps an epoch. Weight decay alone would move a weight that has a gradient of 0."""
    params = settings(epochs=3, weight_decay=0.5, freeze=freeze, freeze_epochs=epochs)
    _, model = watch(rows, tmp_path / "scratch", params)
    frozen, learning = FROZEN_AND_LEARNING[freeze]
    assert model.moved(frozen) == ["none"] * frozen_steps + ["all"] * (30 - frozen_steps)
    for part in learning:
        assert model.moved(part) == ["all"] * 30


def test_weights_thaw_after_whole_epochs_of_accumulated_batches(rows, tmp_path):
    """10 batches by 4 are 3 steps an epoch."""
    params = settings(epochs=3, accumulation_steps=4, freeze="encoder", freeze_epochs=2)
    _, model = watch(rows, tmp_path / "scratch", params)
    assert model.moved("encoder") == ["none"] * 6 + ["all"] * 3


def test_weights_that_never_learn_are_part_of_the_result(rows, tmp_path):
    params = settings(freeze="encoder")
    result, model = watch(rows, tmp_path / "scratch", params)
    found, start = result.model.state_dict(), model.copies[0]
    assert found.keys() == start.keys()
    assert all(torch.equal(found[n], start[n]) for n in start if n.startswith("encoder"))
    assert not torch.equal(found["head.weight"], start["head.weight"])


@pytest.mark.parametrize("killed_at_step", [8, 13, 20, 26])
def test_resumed_training_thaws_like_an_unbroken_one(rows, tmp_path, killed_at_step):
    """Frozen for 20 of 30 steps; the states to go on from are of step 6, 12, 18 and 24."""
    params = settings(
        epochs=3, checkpoint_every_steps=6, weight_decay=0.1, schedule="cosine",
        freeze="encoder", freeze_epochs=2, layer_decay=0.8, group_by_length=True,
    )  # fmt: skip
    options = {"dropout": 0.3, "model": EncoderClassifier}
    unbroken = run(rows, tmp_path / "unbroken", params, **options)
    resumed = run_with_a_kill(rows, tmp_path / "broken", params, killed_at_step, **options)
    np.testing.assert_array_equal(resumed.validation_logits, unbroken.validation_logits)
    assert resumed.history == unbroken.history


@pytest.mark.parametrize(
    ("option", "message"),
    [({"freeze": "embeddings"}, r"no encoder\.embeddings"), ({"layer_decay": 0.9}, "told apart")],
)
def test_options_that_the_model_cannot_serve(rows, tmp_path, option, message):
    with pytest.raises(ValueError, match=message):
        run(rows, tmp_path / "scratch", settings(**option))


def test_out_of_memory_names_the_setting_to_lower(rows, tmp_path):
    class Greedy(MeanClassifier):
        def forward(self, **batch):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    loss = make_loss()
    folder = tmp_path / "scratch"
    folder.mkdir()
    with pytest.raises(RuntimeError, match=r"training\.batch_size=8.*accumulation_steps"):
        train_classifier(lambda: Greedy(0.0), rows, loss, scorer, settings(), folder)


def test_incomplete_checkpoint_is_removed_and_the_former_used(tmp_path):
    for step, state in ((5, '{"global_step": 5}'), (10, '{"global_st')):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-15").mkdir()
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-5"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-5"]
    shutil.rmtree(tmp_path / "checkpoint-5")
    assert last_whole_checkpoint(tmp_path) is None
