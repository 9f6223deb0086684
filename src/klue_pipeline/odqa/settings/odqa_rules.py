"""What does not go together in the settings of open-domain question answering.

Each rule returns the problems it finds, each with what to change.
"""

from klue_pipeline.base_settings import suggest
from klue_pipeline.odqa.settings.odqa_params import OdqaParams
from klue_pipeline.odqa.settings.retriever_params import COMBINED
from klue_pipeline.text.folder_names import VARIANT_MARK

SPECIAL_TOKENS_OF_A_PAIR = 4
"""Most tokens that a tokenizer puts around two texts: RoBERTa's ``<s> … </s></s> … </s>``."""


def unknown_retrievers(params: OdqaParams) -> list[str]:
    """Find retrievers that an experiment names and that the table does not have."""
    named = dict.fromkeys(params.retrieval.retrievers, "retrieval.retrievers")
    if params.contrastive.negatives_from is not None:
        named[params.contrastive.negatives_from] = "contrastive.negatives_from"
    return [
        f"{setting}: there is no retriever {name!r}. {suggest(name, params.retrievers)}"
        for name, setting in named.items()
        if name not in params.retrievers
    ]


def encoders_without_training(params: OdqaParams) -> list[str]:
    """Find dense retrievers that would take an encoder from scratch as it is."""
    return [
        f"encoder.name: found scratch, and retriever {name} takes the encoder as it is, which "
        "would be random numbers; give a folder or a hub id, or train it (odqa.experiment="
        "dense_trained)"
        for name in params.retrieval.retrievers
        if (retriever := params.retrievers.get(name)) is not None
        and retriever.name == "dense"
        and not (retriever.trained or retriever.passage_encoder)
        and params.encoder.name == "scratch"
    ]


def unknown_experiments(params: OdqaParams) -> list[str]:
    """Find earlier experiments that are not in the lab book."""
    return [
        f"retrievers.{name}.experiment: there is no experiment {earlier!r}. "
        f"{suggest(earlier, params.experiments)}"
        for name, retriever in params.retrievers.items()
        if (earlier := retriever.experiment) is not None
        and earlier.partition(VARIANT_MARK)[0] not in params.experiments
    ]


def names_of_combined(params: OdqaParams) -> list[str]:
    """Find retrievers that are called like what is made of several."""
    return [
        f"retrievers.{name}: reports call what is made of several retrievers like that; choose "
        "another name"
        for name in params.retrievers
        if name in COMBINED
    ]


def several_trained(params: OdqaParams) -> list[str]:
    """Find more than one retriever to train: the settings of an experiment are those of one."""
    trained = [
        name
        for name in params.retrieval.retrievers
        if name in params.retrievers and params.retrievers[name].trained
    ]
    if len(trained) <= 1:
        return []
    return [f"retrieval.retrievers: found {trained}, both to be trained; choose one of them"]


def external_without_run(params: OdqaParams) -> list[str]:
    """Find an external retriever without a file that it could read."""
    external = [
        name
        for name in params.retrieval.retrievers
        if (retriever := params.retrievers.get(name)) and retriever.name == "external"
    ]
    if not external or params.raw.run is not None:
        return []
    return [f"raw.run: retriever {external[0]} reads the run of another engine; name its file"]


def reranker_without_negatives(params: OdqaParams) -> list[str]:
    """Find a cross-encoder to train that would see no wrong passage."""
    if not params.rerank.is_trained or params.contrastive.negatives_from is not None:
        return []
    return [
        "contrastive.negatives_from: found None, and a cross-encoder that is trained learns to "
        "tell gold passages from hard negatives; set it to a retriever, and hard_negatives to 1 or "
        "more"
    ]


def score_beyond_top_k(params: OdqaParams) -> list[str]:
    """Find a score that looks further down than runs go."""
    score, top_k = params.evaluation.select_by, params.retrieval.top_k
    if score == "mrr" or int(score.rpartition("_")[2]) <= top_k:
        return []
    return [
        f"evaluation.select_by: {score} looks at more passages than retrieval.top_k={top_k}; raise "
        "retrieval.top_k, or select by recall at fewer"
    ]


def weights_of_other_retrievers(params: OdqaParams) -> list[str]:
    """Find weights of a fusion that are not those of the experiment's retrievers."""
    weights, wanted = params.fusion.weights, params.retrieval.retrievers
    if weights is None or len(wanted) == 1 or set(weights) == set(wanted):
        return []
    return [
        f"fusion.weights: found {', '.join(weights)}; one for each of {', '.join(wanted)} was "
        "wanted. Leave weights out to fit them"
    ]


def stride_without_progress(params: OdqaParams) -> list[str]:
    """Find windows that share so much that the next one would not come further."""
    taken = params.reader.max_question_tokens + params.reader.stride + SPECIAL_TOKENS_OF_A_PAIR
    if taken < params.training.max_tokens:
        return []
    return [
        f"reader.stride: reader.max_question_tokens={params.reader.max_question_tokens} and "
        f"reader.stride={params.reader.stride} leave nothing of training.max_tokens="
        f"{params.training.max_tokens} for new tokens; lower one of them or raise max_tokens"
    ]


def reading_beyond_top_k(params: OdqaParams) -> list[str]:
    """Find more passages to read than are retrieved."""
    if params.answer.top_k <= params.retrieval.top_k:
        return []
    return [
        f"answer.top_k: found {params.answer.top_k}, and retrieval.top_k={params.retrieval.top_k} "
        "passages are retrieved; raise that or lower this"
    ]


def nothing_left_to_fit_on(params: OdqaParams) -> list[str]:
    """Find what has to be fitted on questions that the reader has not seen, where it sees all."""
    if params.folds.strategy != "all":
        return []
    reason = "folds.strategy=all leaves no question that the reader has not learnt from"
    problems = []
    if params.answer.retrieval_weight is None:
        problems.append(
            f"answer.retrieval_weight: found None, and {reason} to fit it on; give the weight that "
            "answer_fit.json says of an experiment with other folds and the same settings"
        )
    if params.answer.abstain_below is not None:
        problems.append(
            f"answer.abstain_below: found {params.answer.abstain_below}, and {reason} to calibrate "
            "probabilities on; leave it out, or choose other folds"
        )
    return problems


def early_stop_without_judge(params: OdqaParams) -> list[str]:
    """Find an early stop where nothing is held out."""
    if params.folds.strategy != "all" or params.training.early_stopping_patience is None:
        return []
    return [
        "training.early_stopping_patience: folds.strategy=all holds nothing out that could say "
        "when to stop; leave it out"
    ]


ODQA_RULES = (
    unknown_retrievers,
    unknown_experiments,
    encoders_without_training,
    names_of_combined,
    several_trained,
    external_without_run,
    reranker_without_negatives,
    score_beyond_top_k,
    weights_of_other_retrievers,
    stride_without_progress,
    reading_beyond_top_k,
    nothing_left_to_fit_on,
    early_stop_without_judge,
)
"""Each returns what does not go together in checked settings, with what to change."""
