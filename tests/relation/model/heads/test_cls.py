"""Head ``cls``."""

import torch

from klue_pipeline.relation.model.heads import build_head


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
