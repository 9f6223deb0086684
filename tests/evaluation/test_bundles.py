"""The shelf of bundles, whatever is in them."""

from klue_pipeline.evaluation.bundles import BundleShelf, refuse_taken_names


def test_a_bundle_named_like_an_experiment_here_is_refused():
    shelf = BundleShelf({"rbert": 1, "other": 2}, {"broken": "no JSON"})
    apart = refuse_taken_names(shelf, {"rbert", "baseline", "broken"})
    assert apart.bundles == {"other": 2}
    assert apart.refused.keys() == {"broken (bundle)", "rbert (bundle)"}
    assert apart.refused["broken (bundle)"] == "no JSON"
    assert "rename the bundle's folder" in apart.refused["rbert (bundle)"]
    assert refuse_taken_names(shelf, {"baseline"}) == shelf
    assert list(shelf.bundles) == ["rbert", "other"]
