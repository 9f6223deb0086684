"""Distillation: a student learns a teacher's scores beside the labels."""

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from klue_pipeline.training.losses.cross_entropy import INSIDE
from klue_pipeline.training.losses.interface import LossContext, RowLoss, Targets
from klue_pipeline.training.params import LossParams


def distillation(params: LossParams, context: LossContext) -> RowLoss:
    """Weigh a teacher's soft labels against the loss ``inside``, which knows the true ones.

    Per row ``teacher_weight`` * :func:`soft_loss` + (1 - ``teacher_weight``) * the loss ``inside``;
    a row without a label has the first part alone. Hinton, Vinyals & Dean, "Distilling the
    Knowledge in a Neural Network", 2015.
    """
    inside = INSIDE[cast(str, params.inside)](params, context)
    temperature, weight = cast(float, params.temperature), cast(float, params.teacher_weight)

    def loss(logits: Tensor, targets: Targets, progress: float) -> Tensor:
        soft = soft_loss(logits, _teacher_of(targets), temperature)
        labelled = targets.label_ids >= 0
        some_label = replace(targets, label_ids=targets.label_ids.clamp(min=0))
        hard = torch.where(labelled, inside(logits, some_label, progress), 0.0)
        return weight * soft + (1 - weight) * hard

    return loss


def soft_loss(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """Return T^2 KL(softmax(teacher / T) || softmax(student / T)) of each row, in nats.

    Gradients of the divergence shrink with 1 / T^2; the factor keeps them as large as those of the
    labels at every temperature (Hinton et al. 2015, section 2).

    Args:
        logits: The student's scores. Shape: (batch, labels).
        teacher_logits: The teacher's; minus infinity for a label that it rules out.
            Shape: (batch, labels).
        temperature: T, above 0; the higher, the more the teacher's less likely labels count.

    Returns:
        Losses. Shape: (batch,).
    """
    student = functional.log_softmax(logits / temperature, dim=-1)  # (batch, labels)
    teacher = functional.softmax(teacher_logits / temperature, dim=-1)  # (batch, labels)
    divergence = functional.kl_div(student, teacher, reduction="none").sum(dim=-1)
    return temperature**2 * divergence


def _teacher_of(targets: Targets) -> Tensor:
    if targets.teacher_logits is None:
        raise ValueError(
            "loss.name is distillation, but these rows come without a teacher's scores; train by "
            "kedro run, whose node teach asks the teachers, or choose another loss."
        )
    return targets.teacher_logits
