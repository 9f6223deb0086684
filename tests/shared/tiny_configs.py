"""The smallest encoders of the families that the project's own kernels are compared with."""

from transformers import (
    BertConfig,
    CamembertConfig,
    ElectraConfig,
    EuroBertConfig,
    ModernBertConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

SIZES = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 16, "max_position_embeddings": 64, "pad_token_id": 1,
}  # fmt: skip
LIKE_BERT = [
    BertConfig(**SIZES),
    CamembertConfig(**SIZES),
    ElectraConfig(**SIZES, embedding_size=8),
    RobertaConfig(**SIZES, type_vocab_size=1),
    XLMRobertaConfig(**SIZES, type_vocab_size=1),
]
ROTARY = EuroBertConfig(**SIZES, num_key_value_heads=2)
MODERN_BERT = ModernBertConfig(**SIZES, local_attention=4, global_attn_every_n_layers=2)
