"""Hand-written rows of the normalised table."""

import pandas as pd
import pytest

# One row a line: source | types | label | sentence, its subject in [[ ]] and its object in << >>.
_ROWS = """
wikipedia | PER:LOC | per:origin | [[이순신]]은 <<조선>>의 무신이다.
wikitree | ORG:PER | org:top_members/employees | [[한강출판]]은 <<김하늘>> 대표가 이끈다.
wikitree | ORG:PER | org:top_members/employees | <<김하늘>> 대표는 [[한강출판]]의 신간을 소개했다.
wikipedia | PER:DAT | per:date_of_birth | [[박서준]]은 <<1988년 12월 16일>>에 태어났다.
wikipedia | PER:DAT | per:date_of_birth | <<1950년>>에 태어난 [[정해인]]은 소설가였다.
wikitree | ORG:LOC | org:place_of_headquarters | [[다온전자]]의 본사는 <<수원>>에 있다.
wikitree | ORG:LOC | org:place_of_headquarters | <<부산>>에 본사를 둔 [[해랑물산]]이 새 배를 띄웠다.
wikipedia | PER:PER | per:spouse | [[윤가람]]과 <<이도윤>>은 지난해 결혼한 부부다.
wikipedia | PER:PER | per:spouse | <<최나래>>는 배우 [[강하준]]의 아내이다.
wikipedia | ORG:DAT | org:founded | [[새벽당]]은 <<2014년>>에 창당되었다.
wikipedia | ORG:DAT | org:founded | <<1897년>> 문을 연 [[동화약품소]]는 지금도 영업한다.
wikitree | PER:POH | per:title | [[오세라]] <<교수>>는 새 논문을 발표했다.
policy_briefing | PER:POH | per:title | 국회에서 <<장관>> [[문지호]]가 답변에 나섰다.
wikitree | ORG:NOH | org:number_of_employees/members | [[백두항공]]의 직원은 <<1,200명>>이다.
wikitree | PER:ORG | per:employee_of | [[서지우]]는 <<다온전자>>에서 일한다.
wikitree | PER:ORG | per:employee_of | <<한강출판>>의 편집자 [[민태오]]가 상을 받았다.
wikipedia | PER:LOC | no_relation | [[이순신]]을 다룬 책을 <<부산>>의 한 서점이 전시했다.
wikitree | ORG:ORG | no_relation | [[다온전자]]와 <<해랑물산>>은 같은 날 발표를 미뤘다.
wikipedia | PER:DAT | no_relation | <<2019년>> 봄, [[박서준]]의 팬들이 공원에 모였다.
policy_briefing | PER:ORG | no_relation | [[문지호]]는 "<<새벽당>>, 그리고 야당"의 요구를 거절했다.
wikitree | PER:PER | no_relation | [[강하준]]은 <<서지우>>의 이름을 알지 못했다.
wikitree | ORG:LOC | no_relation | <<수원>>에서 열린 행사에 [[백두항공]]도 참가했다.
wikipedia | PER:PER | per:alternate_names | [[정해인]](<<鄭海仁>>)은 20세기의 소설가이다.
wikitree | PER:PER | per:alternate_names | <<오쌤>>이라 불리는 [[오세라]]가 @방송#에 나왔다.
"""
_MARKS = ("[[", "]]", "<<", ">>")


def _unmark(text: str) -> str:
    for mark in _MARKS:
        text = text.replace(mark, "")
    return text


def _entity(marked: str, role: str, opening: str, closing: str) -> dict[str, object]:
    before, rest = marked.split(opening)
    word = _unmark(rest.split(closing)[0])
    start = len(_unmark(before))
    return {f"{role}_text": word, f"{role}_start": start, f"{role}_end": start + len(word)}


def _normalise(row_id: int, line: str) -> dict[str, object]:
    source, type_pair, label, marked = line.split(" | ")
    subject = _entity(marked, "subject", "[[", "]]")
    object_ = _entity(marked, "object", "<<", ">>")
    subject_type, object_type = type_pair.split(":")
    return {
        "row_id": str(row_id),
        "sentence": _unmark(marked),
        **subject,
        "subject_type": subject_type,
        **object_,
        "object_type": object_type,
        "type_pair": type_pair,
        "pair_key": "\t".join(sorted((str(subject["subject_text"]), str(object_["object_text"])))),
        "label": label,
        "source": source,
    }


@pytest.fixture(scope="session")
def small_table() -> pd.DataFrame:
    """24 hand-written Korean rows of the normalised table: 11 labels, 6 object types, both orders.

    Some entities come back in other rows; no sentence and no id does. Row ids are "0" to "23".
    """
    lines = _ROWS.strip().splitlines()
    table = pd.DataFrame([_normalise(number, line) for number, line in enumerate(lines)])
    return table.assign(given_fold=pd.array([None] * len(table), dtype="Int64"))


@pytest.fixture
def small_sentences(small_table: pd.DataFrame) -> pd.DataFrame:
    """A copy of the small table, which a test may change."""
    return small_table.copy()
