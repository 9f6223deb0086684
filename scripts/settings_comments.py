"""Comments of the YAML files of settings, by the dotted name of what they explain."""

import re

_KEY = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?P<rest>.*)$")
_COMMENT = re.compile(r"^(?P<indent> *)# ?(?P<text>.*)$")
_TRAILING = re.compile(r"(?:^|\s)#\s(?P<text>.*)$")
_LISTED = re.compile(r"^(?P<indent> *)(?P<name>\w+)  +(?P<text>.*)$")
_COMMAND = re.compile(r"^ +((?:kedro|--params) .*)$")
_ALTERNATIVES = re.compile(r"^(?:[\w:]+ \| )+[\w:]+(?:; )?")
"""What a comment behind a value says of other values, which the models say too."""


def read_comments(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the comments above each key and the one behind it, by dotted name."""
    above: dict[str, list[str]] = {}
    behind: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    pending: list[str] = []
    for line in text.splitlines():
        if comment := _COMMENT.match(line):
            name = ".".join(key for _, key in path)
            if behind.get(name) and not pending and len(comment["indent"]) > path[-1][0] + 4:
                behind[name] += f" {comment['text']}"
            else:
                pending.append(comment["text"])
            continue
        if key := _KEY.match(line):
            path = [level for level in path if level[0] < len(key["indent"])]
            path.append((len(key["indent"]), key["key"]))
            name = ".".join(key for _, key in path)
            above[name] = pending
            trailing = _TRAILING.search(key["rest"])
            behind[name] = _ALTERNATIVES.sub("", trailing["text"]) if trailing else ""
        pending = []
    return above, behind


def as_cell(lines: list[str]) -> str:
    """Join the lines of a comment; items of a list in it get a line each."""
    cell, in_list = "", False
    for line in lines:
        if item := _LISTED.match(line):
            cell += f"<br>`{item['name']}`: {_escaped(item['text'])}"
            in_list = bool(item["indent"])
        elif command := _COMMAND.match(line):
            cell += f" `{command[1]}`"
        else:
            ends_list = in_list and not line.startswith(" ")
            cell += f"{'<br>' if ends_list else ' '}{_escaped(line.strip())}"
            in_list = in_list and not ends_list
    return cell.strip().removeprefix("<br>").removesuffix(":")


def _escaped(text: str) -> str:
    """Keep Markdown from reading signs of the text as its own, outside of code."""
    parts = text.split("`")
    parts[::2] = [part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts)
