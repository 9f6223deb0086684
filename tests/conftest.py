"""Fixtures that several test files share."""

import json
import os
import shutil
import signal
import subprocess
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 300

# Runs several commands in one process, which saves importing torch for each of them.
_RUN_EACH = """
import json, sys
from kedro.framework.startup import bootstrap_project
from kedro.framework.cli.utils import find_run_command
bootstrap_project(".")
run = find_run_command("klue_pipeline")
for command in json.loads(sys.argv[1]):
    try:
        run.main(args=command, prog_name="kedro run")
    except SystemExit as end:
        print(f"\\0{end.code}\\0", flush=True)
"""


def pytest_configure() -> None:
    """Hear Ctrl-C also where a shell started the tests in the background, deaf to it.

    Processes that the tests start and interrupt inherit that deafness.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    """What the shell is told; 0 if all went well."""
    console: str
    """What a person saw, on both streams."""


@dataclass(frozen=True)
class Project:
    """A throw-away copy of the project's folder, with the code under test and the sample in it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Project":
        """Copy what a command needs; the code comes from where it is installed."""
        folder.mkdir()
        for name in ("conf", "data/01_raw/sample"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "src").mkdir()
        return cls(folder)

    def copy_to(self, folder: Path) -> "Project":
        """Copy the project with everything that was made in it; times of files stay."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    @property
    def data(self) -> Path:
        """Where the environment ``test`` keeps its data."""
        return self.folder / "data" / "test"

    def read_json(self, name: str):
        """Read a JSON file below the data folder."""
        return json.loads((self.data / name).read_text(encoding="utf-8"))

    def snapshot(self, below: str = "") -> dict[str, tuple[int, int]]:
        """Return time and size of every data file, to tell whether any of them was touched."""
        files = [path for path in (self.data / below).rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.data)): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in files
        }

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start Python with this command line in the project's folder, both streams in one."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KEDRO", "KLUE", "MLFLOW", "COLUMNS", "PYTHONWARNINGS"))
        }
        ours = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env={**inherited, **ours, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def python(self, *command: str, **environment: str) -> Finished:
        """Run Python with this command line in the project's folder."""
        process = self.start(*command, **environment)
        try:
            console, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            process.kill()
        return Finished(process.returncode, console)

    def run(self, *arguments: str, **environment: str) -> Finished:
        """Type ``kedro run --env test`` with these arguments."""
        return self.python("-m", "kedro", "run", "--env", "test", *arguments, **environment)

    def run_each(self, *commands: list[str], **environment: str) -> list[Finished]:
        """Give several commands, one after the other in one process."""
        given = json.dumps([["--env", "test", *command] for command in commands])
        ended = self.python("-c", _RUN_EACH, given, **environment)
        pieces = ended.console.split("\0")
        assert len(pieces) == 2 * len(commands) + 1, ended.console
        return [
            Finished(int(code), console)
            for console, code in zip(pieces[:-1:2], pieces[1::2], strict=True)
        ]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which nothing was run yet."""
    return Project.create(tmp_path / "project")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Finished]:
    """A project after the whole job, tracked in MLflow; copy it before anything is changed."""
    project = Project.create(tmp_path_factory.mktemp("whole") / "project")
    finished = project.run("--params", "mlflow.enabled=true")
    assert finished.code == 0, finished.console
    return project, finished


@pytest.fixture
def finished_project(whole_run: tuple[Project, Finished], tmp_path: Path) -> Project:
    """A copy of the project after the whole job."""
    return whole_run[0].copy_to(tmp_path / "finished")


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


@pytest.fixture(scope="session")
def relation_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints fold_0 and fold_1: tiny random models of three labels.

    Session-wide: only looked at.
    """
    import torch
    from transformers import BertConfig, BertModel

    from klue_pipeline.relation.model.relation_model import (
        RelationConfig,
        RelationModel,
        TrainedModel,
    )
    from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
    from klue_pipeline.training.tokenizer import train_tokenizer

    torch.set_num_threads(1)
    sentences = ["이순신은 조선의 무신이다.", "@ * 사람 * 이순신 @은 # ^ 장소 ^ 조선 #의 무신이다."]
    tokenizer = train_tokenizer(sentences, vocabulary_size=300)
    labels = ("no_relation", "per:origin", "per:title")
    config = RelationConfig(
        labels=labels,
        task_labels=labels,
        label_counts=(3, 2, 1),
        input=InputParams(
            name="typed_entity_marker_punct",
            query="none",
            query_position="after",
            type_words={"PER": "사람", "LOC": "장소"},
        ),
        max_tokens=60,
        target=TargetParams(name="all"),
        head=HeadParams(name="cls_entity_start", dropout=0.0),
        entity_types=("LOC", "PER"),
        legal_labels={},
        fingerprint={"tokenizer": "t"},
    )
    sizes = BertConfig(
        vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models")
    for fold in (0, 1):
        torch.manual_seed(fold)
        model = RelationModel(BertModel(sizes, add_pooling_layer=False), config)
        TrainedModel(model.eval(), tokenizer).save_pretrained(folder / f"fold_{fold}")
    return folder


CORPUS = [
    "@ * 사람 * 이순신 @은 # ^ 조직 ^ 수군 #을 이끌었다.",
    "이순신과 수군의 관계는 무엇입니까? 李舜臣은 조선의 무신이다.",
    "〈Something〉는 조지 해리슨이 쓰고 1969년 앨범 《Abbey Road》에 담은 노래다.",
    "# ^ 장소 ^ 서울 #에서 @ * 조직 * 다온전자 @가 (주)새벽당과 만났다.",
]
# In the order of their ids.
ROBERTA = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}


@pytest.fixture(scope="session")
def wordpiece_tokenizer():
    """What ``encoder.name: scratch`` trains."""
    from klue_pipeline.training.tokenizer import train_tokenizer

    return train_tokenizer(CORPUS * 3, vocabulary_size=1000)


@pytest.fixture(scope="session")
def klue_roberta_tokenizer(wordpiece_tokenizer):
    """A BERT tokenizer, as klue/roberta ships: it numbers the second text 1 for any encoder."""
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab=wordpiece_tokenizer.get_vocab(), do_lower_case=False)


@pytest.fixture(scope="session")
def xlm_roberta_tokenizer():
    """Unigram pieces that hold the blank before a word; one segment; ``<s> A </s></s> B </s>``."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(_charsmap_that_drops(0x1F)), normalizers.NFKC()]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    unknown = ROBERTA["unk_token"]
    trainer = trainers.UnigramTrainer(
        special_tokens=[*ROBERTA.values()], unk_token=unknown, show_progress=False
    )
    backend.train_from_iterator(CORPUS * 3, trainer)
    # Pieces that hold a marker together with text beside it, likelier than their parts.
    glued = [(piece, -1.0) for piece in ("(@", "▁(@", "@은", "#을", "@#", "#@", "##", "@)", "《#")]
    learnt = json.loads(backend.to_str())["model"]["vocab"]
    backend.model = models.Unigram([*map(tuple, learnt), *glued], unk_id=3)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **ROBERTA)


def _charsmap_that_drops(byte):
    """SentencePiece's compiled character map with one rule: ``byte`` becomes nothing.

    A double-array trie of 256 units (root, the byte's node, its leaf), then the replacements.
    """
    root_offset, leaf = 32, 64
    node = root_offset ^ byte
    units = array("I", [0] * 256)
    units[0] = root_offset << 10
    units[node] = (node ^ leaf) << 10 | 1 << 8 | byte
    trie = units.tobytes()
    return len(trie).to_bytes(4, "little") + trie + b"\0"


@pytest.fixture(scope="session")
def byte_level_tokenizer():
    """RoBERTa's byte pairs: one character may be several tokens with the same offsets."""
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing
    from transformers import PreTrainedTokenizerFast

    backend = ByteLevelBPETokenizer(add_prefix_space=True)
    special = [*ROBERTA.values()]
    backend.train_from_iterator(CORPUS, vocab_size=400, special_tokens=special, show_progress=False)
    backend._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer, **ROBERTA)


@pytest.fixture(scope="session", params=["wordpiece", "klue_roberta", "xlm_roberta", "byte_level"])
def any_tokenizer(request):
    """Each of the above in turn."""
    return request.getfixturevalue(f"{request.param}_tokenizer")


@pytest.fixture(scope="session")
def encoder_folders(tmp_path_factory, wordpiece_tokenizer, xlm_roberta_tokenizer):
    """A tiny random encoder per family with its tokenizer, in a folder for ``encoder.name``."""
    import torch
    from transformers import AutoModel

    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("encoders")
    families = _encoder_families(wordpiece_tokenizer, xlm_roberta_tokenizer)
    for number, (family, (config, tokenizer)) in enumerate(families.items()):
        config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
        torch.manual_seed(number)
        AutoModel.from_config(config).save_pretrained(root / family)
        tokenizer.save_pretrained(root / family)
    return {family: root / family for family in families}


def _encoder_families(wordpiece, unigram):
    from transformers import BertConfig, ElectraConfig, RobertaConfig, XLMRobertaConfig

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    one_segment = sizes | {"type_vocab_size": 1, "max_position_embeddings": 130}
    return {
        "bert": (BertConfig(**sizes, max_position_embeddings=128), wordpiece),
        "roberta": (RobertaConfig(**one_segment), _as_klue_roberta_numbers(wordpiece)),
        "electra": (ElectraConfig(**sizes, embedding_size=8), wordpiece),
        "xlm_roberta": (XLMRobertaConfig(**one_segment), unigram),
    }


def _as_klue_roberta_numbers(wordpiece):
    """klue/roberta's ids: [CLS] 0, [PAD] 1, [SEP] 2, [UNK] 3, [MASK] 4."""
    from transformers import BertTokenizerFast

    vocabulary = sorted(wordpiece.get_vocab(), key=wordpiece.get_vocab().get)
    vocabulary[:5] = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    numbered = {token: index for index, token in enumerate(vocabulary)}
    return BertTokenizerFast(vocab=numbered, do_lower_case=False)


@pytest.fixture(scope="session", params=["bert", "roberta", "electra", "xlm_roberta"])
def encoder_folder(request, encoder_folders):
    """Each encoder's folder in turn."""
    return encoder_folders[request.param]
