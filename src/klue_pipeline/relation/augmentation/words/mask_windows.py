"""What a masked language model sees of a row: masks for stems, and no more than it has room for."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from klue_pipeline.relation.augmentation.words.stems import Stem


def hide_stems(
    encoding: Any, stems: Sequence[Stem], mask_id: int
) -> tuple[list[int], dict[int, int]]:
    """Put one mask in the place of all tokens that a stem reaches into.

    Args:
        encoding: The whole sentence's encoding by the ``tokenizers`` library.
        stems: Stretches to hide, from left to right.
        mask_id: Id of the mask token.

    Returns:
        Token ids, and the number of each hidden stem -> place of its mask. A stem that no token
        reaches into, or none that an earlier stem has not taken, is not hidden.
    """
    ids: list[int] = []
    masks: dict[int, int] = {}
    for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
        reached = (n for n, s in enumerate(stems) if start < s.end_char and s.start_char < end)
        number = next(reached, None)
        if number is None:
            ids.append(token_id)
        elif number not in masks:
            masks[number] = len(ids)
            ids.append(mask_id)
    return ids, masks


def cut_windows(
    ids: Sequence[int], masks: dict[int, int], frame: tuple[int, int], max_tokens: int
) -> Iterator[tuple[list[int], dict[int, int]]]:
    """Yield what a model with ``max_tokens`` positions can see of a row around its masks.

    Nearly every row fits whole. Of a longer one, windows around the masks follow each other; the
    first mask of a window stands in its middle, and none in its last quarter, unless the row ends.

    Args:
        ids: Token ids, special ones included.
        masks: Number of each hidden stem -> place of its mask, ascending.
        frame: How many special tokens start and end the row; every window has them.
        max_tokens: Most tokens of a window, special ones included.

    Yields:
        Token ids, and the number of each stem in the window -> place of its mask there. Each mask
        is in one window.
    """
    head, tail = frame
    body_end = len(ids) - tail
    room = max(1, min(max_tokens - head - tail, body_end - head))
    remaining = dict(masks)
    while remaining:
        middle = next(iter(remaining.values()))
        start = max(head, min(middle - room // 2, body_end - room))
        end = start + room
        last = end if end == body_end else end - room // 4
        inside = {number: place for number, place in remaining.items() if place < last}
        window = [*ids[:head], *ids[start:end], *ids[body_end:]]
        yield window, {number: head + place - start for number, place in inside.items()}
        remaining = {n: place for n, place in remaining.items() if n not in inside}


def count_frame(encoding: Any) -> tuple[int, int]:
    """Return how many special tokens start and end an encoding of the ``tokenizers`` library."""
    mask = encoding.special_tokens_mask
    head, tail = (len(list(takewhile(bool, side))) for side in (mask, mask[::-1]))
    return head, tail
