"""Head ``cls_entity_fc``."""

import torch

from klue_pipeline.relation.model.heads import build_head


def test_cls_entity_fc_by_a_loop(inputs, batch):
    head = build_head(batch.params("cls_entity_fc"), batch.shape).eval()
    for row, (subject, _, object_, _) in enumerate(inputs.positions.tolist()):
        states = inputs.states[row]
        pair = torch.relu(head.entities(torch.cat([states[subject], states[object_]])))
        joined = torch.relu(head.joined(torch.cat([pair, states[0]])))
        torch.testing.assert_close(head(inputs)[row], head.output(joined))


def test_each_layer_has_its_own_weights(batch):
    """The published code runs both through one layer."""
    head = build_head(batch.params("cls_entity_fc"), batch.shape)
    assert head.entities.weight is not head.joined.weight
    assert not torch.equal(head.entities.weight, head.joined.weight)
