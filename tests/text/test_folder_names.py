"""Which names can be that of a folder: on any disk, typed in settings, of an entry."""

import pytest

from klue_pipeline.text.folder_names import (
    find_entry_fault,
    find_folder_fault,
    find_typed_fault,
    folder_of_file,
)

ON_NO_DISK = {
    "": "empty",
    "  ": "empty",
    ".": "another folder",
    "..": "another folder",
    "...": "another folder",
    "a/b": "one of /",
    "a\\b": "one of /",
    "a\nb": "letter cannot be seen",
    "C:": "one of /",
    ".hidden": "hides",
    "a.": "Windows drops",
    "a ": "Windows drops",
    " a": "Windows drops",
    "nul": "device",
    "Com1.v2": "device",
    "LPT¹": "device",
    "e\u0301": "NFD",
    "a\u200b": "letter cannot be seen",
    "이" * 67: "longer than 200 bytes",
}
NOT_TYPED = {"a b": "letters", "-a": "letters", "+a": "letters", "a,b": "letters", "a=1": "letters"}
NO_ENTRY = {"a--b": "variant", "a-": "variant", "이" * 31: "longer than 90"}
SOUND = ["typed_punct_query", "klue.v1-2", "한글_3", "2024", "1e5", "console", "nullable", "a.b"]


@pytest.mark.parametrize(
    ("name", "reason"), [*ON_NO_DISK.items(), *NOT_TYPED.items(), *NO_ENTRY.items()]
)
def test_an_entry_has_a_name_that_every_disk_keeps_apart(name, reason):
    assert reason in (find_entry_fault(name) or "")
    assert (find_folder_fault(name) is not None) == (name in ON_NO_DISK)
    assert (find_typed_fault(name) is not None) == (name not in NO_ENTRY)


@pytest.mark.parametrize("name", SOUND)
def test_usual_names_are_let_through(name):
    assert find_entry_fault(name) is None
    assert find_typed_fault(f"{name}--quick-") is None


def test_a_file_names_its_folder_in_composed_letters():
    assert folder_of_file("e\u0301 (1)") == "\u00e9 (1)"
    with pytest.raises(ValueError, match=r"'\.' cannot name a folder: .* Rename the file"):
        folder_of_file(".")
