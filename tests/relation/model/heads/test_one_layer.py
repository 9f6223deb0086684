"""The heads with one hidden layer, each against a loop over rows."""

import pytest
import torch
from torch.nn.functional import gelu

from klue_pipeline.relation.model.heads import build_head


def cls_and_ends(states, positions):
    subject, after_subject, object_, after_object = positions
    return states[[0, subject, after_subject - 1, object_, after_object - 1]].flatten()


POOLED = {
    "mean_pool": (torch.tanh, lambda states, _: states.mean(dim=0)),
    "entity_start": (torch.relu, lambda states, places: states[places[0::2]].flatten()),
    "cls_entity_start": (gelu, lambda states, places: states[[0, *places[0::2]]].flatten()),
    "entity_start_end": (gelu, cls_and_ends),
}


@pytest.mark.parametrize("name", POOLED)
def test_a_head_by_a_loop(name, inputs, batch):
    activation, pool = POOLED[name]
    head = build_head(batch.params(name), batch.shape).eval()
    logits = head(inputs)
    for row, places in enumerate(inputs.positions.tolist()):
        states = inputs.states[row, : batch.lengths[row]]
        wanted = head.output(activation(head.hidden(pool(states, places))))
        torch.testing.assert_close(logits[row], wanted)


def test_cls_is_the_head_of_transformers(inputs, batch):
    from transformers import RobertaConfig
    from transformers.models.roberta.modeling_roberta import RobertaClassificationHead

    config = RobertaConfig(hidden_size=batch.shape.width, num_labels=batch.shape.labels)
    reference = RobertaClassificationHead(config).eval()
    head = build_head(batch.params("cls"), batch.shape).eval()
    renamed = {"dense": "hidden", "out_proj": "output"}
    head.load_state_dict(
        {
            f"{renamed[name.split('.')[0]]}.{name.split('.')[1]}": value
            for name, value in reference.state_dict().items()
        }
    )
    torch.testing.assert_close(head(inputs), reference(inputs.states))


def test_entity_start_drops_only_before_the_classifier(inputs, batch):
    """As the published baseline does: its first layer reads the states as they are."""
    head = build_head(batch.params("entity_start", dropout=0.999), batch.shape).train()
    head.output = torch.nn.Identity()
    hidden = head(inputs)
    assert (hidden == 0).float().mean() > 0.5
    head.dropout.p = 0.0
    pooled = torch.cat([inputs.states[0, 1], inputs.states[0, 5]])
    torch.testing.assert_close(head(inputs)[0], torch.relu(head.hidden(pooled)))


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("cls", 1),
        ("mean_pool", 1),
        ("entity_start", 2),
        ("cls_entity_start", 3),
        ("entity_start_end", 5),
    ],
)
def test_weights_keep_their_names_and_shapes(name, states, batch):
    """Checkpoints made before one class served all of these heads still load."""
    head = build_head(batch.params(name), batch.shape)
    shapes = {name: tuple(weight.shape) for name, weight in head.state_dict().items()}
    assert shapes == {
        "hidden.weight": (6, 6 * states),
        "hidden.bias": (6,),
        "output.weight": (4, 6),
        "output.bias": (4,),
    }
