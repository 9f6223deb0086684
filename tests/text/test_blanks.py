from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.blanks import blank_out_breaks, places_without_blanks, without_blanks

TEXTS = st.text(st.sampled_from("가나 \\n\n\t\u3164\u200b\u1100\u1161😀漢\"'")) | st.text()


@given(TEXTS)
def test_letters_stand_at_their_places_and_breaks_are_blanks(text):
    letters = without_blanks(text)
    assert "".join(text[place] for place in places_without_blanks(text)) == letters
    assert "\\n" not in text or letters != text
    assert not any(letter.isspace() for letter in letters)
    blanked = blank_out_breaks(text)
    assert len(blanked) == len(text)
    assert without_blanks(blanked) == letters
