"""Settings that the tests of reranking share."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep tiny matrices on one thread."""
    torch.set_num_threads(1)
