"""The HTML report."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from standins import MorsePotential

from ferrip.data import Frame
from ferrip.evaluation import error_metrics, worst_frames
from ferrip.prediction import Prediction
from ferrip.properties import RadialDistribution, dimer_curves
from ferrip.properties.comparison import Comparison, Quantity
from ferrip.properties.eos import fit_birch_murnaghan
from ferrip.report import Page, Section, Table, Validation, learning_curves, parity, write_report


class Checker(HTMLParser):
    """Collects what a page would load, and checks that tags are balanced."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self):
        super().__init__()
        self.open, self.resources = [], []

    def handle_starttag(self, tag, attrs):
        self.resources += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(html):
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert all(resource.startswith("data:") for resource in checker.resources)
    assert "<script" not in html
    assert "http://" not in html.split("</style>")[1]
    assert "https://" not in html
    return checker


@pytest.fixture
def validation():
    rng = np.random.default_rng(0)
    frames = [
        Frame(
            numbers=[29] * 4,
            positions=rng.normal(size=(4, 3)),
            cell=np.eye(3) * 8,
            pbc=[True] * 3,
            energy=-1.0 * k,
            forces=rng.normal(size=(4, 3)),
            stress=rng.normal(size=6) if k else None,
            config_type="<odd> & name" if k == 1 else "md",
            index=k,
        )
        for k in range(3)
    ]
    predictions = [
        Prediction(
            energy=frame.energy + 0.1, energies=np.zeros(4), forces=frame.forces + 0.01, stress=np.zeros(6)
        )
        for frame in frames
    ]
    volumes = np.linspace(10, 13, 7)
    curve = fit_birch_murnaghan(volumes, 0.1 * (volumes - 11.5) ** 2)
    distances = np.linspace(0.1, 6.0, 30)
    return Validation(
        title="Copper",
        subtitle="a stand-in",
        metrics={"train": error_metrics(frames, predictions)},
        parity=[parity("train", frames, predictions)],
        worst={"train": worst_frames(frames, predictions)},
        minimum_distances={(29, 29): 2.0},
        dimers=dimer_curves(MorsePotential(), points=30),
        comparison=Comparison(
            quantities=(Quantity(name="C11", unit="GPa", value=100.0, reference=80.0),),
            curve=curve,
            reference_curve=curve,
            smooth=np.stack([volumes, curve.energies]),
        ),
        rdf=RadialDistribution(distances=distances, values=np.ones(30), frames=2),
        times_ps=np.arange(5.0),
        temperatures=np.full(5, 300.0),
        target_temperature=300.0,
        timings={"fit": 1.5},
        us_per_atom_step=12.0,
    )


def test_parity_leaves_out_what_has_no_label(validation):
    part = validation.parity[0]
    assert part.energy.shape == (3, 2)
    np.testing.assert_allclose(part.energy[:, 1] - part.energy[:, 0], 0.025)
    assert part.forces.shape == (36, 2)
    assert part.stress.shape == (12, 2)


def test_the_report_is_one_self_contained_valid_page(validation, tmp_path):
    write_report(validation, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    checker = check(html)
    assert sum(resource.startswith("data:image/svg+xml") for resource in checker.resources) == 5
    assert "&lt;odd&gt; &amp; name" in html
    assert "Cu-Cu" in html
    assert "+25.0 %" in html
    assert "2.000" in html


def test_the_learning_curves_of_a_potential_are_drawn(validation, tmp_path):
    curve = {"training": [0.9, 0.5], "held_out": [0.95, 0.6], "energy": [2.0, 1.0], "forces": [50.0, 40.0]}
    alone = {"training": [0.9, 0.5], "held_out": [None, None], "energy": [None, None], "forces": [None, None]}
    metadata = {"fit": {"training": {"learning_curve": curve}, "committee": [{"learning_curve": alone}]}}
    assert learning_curves(metadata) == [curve, alone]
    assert learning_curves({"fit": {}}) == []
    for curves in (learning_curves(metadata), [alone]):
        write_report(replace(validation, learning_curves=curves), tmp_path / "report.html")
        html = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert sum(one.startswith("data:image/svg+xml") for one in check(html).resources) == 6
        assert "Learning curves" in html


def test_the_same_input_gives_the_same_page(validation, tmp_path):
    for name in ("a.html", "b.html"):
        write_report(validation, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_cells_and_titles_are_escaped():
    page = Page(
        title="<b>",
        subtitle="&",
        sections=[Section(title="<i>", tables=[Table(columns=["<u>"], rows=[["<p>"]])])],
    )
    check(page.html())
    assert "<p><" not in page.html()
