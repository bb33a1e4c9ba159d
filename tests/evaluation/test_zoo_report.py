"""The page of all models: every row is on it, and nothing is outside of it but other pages."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest

from tests.evaluation.zoo_folder import add_model, all_classes_rows, few_shot_rows, row
from tfvma.config import Config, EpisodeConfig, to_dict
from tfvma.evaluation.zoo import read_zoo
from tfvma.evaluation.zoo_report import main

PARTS = {"kl_z": 30.0, "reconstruction": -50.0}
_PAPERS = "the paper&#x27;s"


@pytest.fixture
def savedmodels(tmp_path):
    folder = tmp_path / "saved models"
    note = "what has to be <known>"
    vae = row("few_shot C=8 S=4", "nll", 83.5, 4, paper=90.8, note=note, steps=16_000)
    parts = [row("few_shot C=8 S=4", name, value, 4) for name, value in PARTS.items()]
    (add_model(folder, "omniglot26_vae", [*parts, vae], family="vae") / "README.md").touch()
    add_model(folder, "omniglot26_vma_16shot", few_shot_rows(16))
    add_model(folder, "omniglot26_vma_8shot", [*few_shot_rows(8), *all_classes_rows({1: 95.0})])
    add_model(folder, "untrained", [])
    return folder


class Reader(HTMLParser):
    """Notes tags that are still open, links, images, names of sections, and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.images, self.names, self.text = [], [], [], [], ""

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.links += [values["href"]] if "href" in values else []
        self.images += [values["src"]] if "src" in values else []
        self.names += [values["id"]] if "id" in values else []
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(path) -> tuple[Reader, str]:
    html = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader, html


def test_every_row_with_its_training_and_command(savedmodels, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(out), "--savedmodels", str(savedmodels)]) == 0
    assert capsys.readouterr().out.strip() == str(out / "index.html")
    reader, html = read(out / "index.html")
    for model in read_zoo(savedmodels):
        for measured in model.rows:
            assert measured.protocol in reader.text
            assert f"{measured.value:.2f} ± 0.50".replace("-", "−") in reader.text
            assert f"{measured.command}, seed 0" in reader.text
    assert "16,000 steps, 12 minutes" in reader.text
    assert "90.8" in reader.text
    assert "what has to be <known>" in reader.text
    assert "not measured yet" in reader.text
    assert not re.search(r"://|@import|url\(|<script|<link", html)
    assert all(image.startswith("data:image/png;base64,") for image in reader.images)
    # Of two models with examples per class, and of each of three with a KL split.
    assert len(reader.images) == 1 + 3


def test_tables_of_models_are_folded_below_their_first_bound(savedmodels, tmp_path):
    main([str(tmp_path), "--savedmodels", str(savedmodels)])
    _, html = read(tmp_path / "index.html")
    folded = re.findall(r'<details><summary>([^<]*)</summary><div class="wide"><table>', html)
    assert folded == [
        "omniglot26_vae: 3 results, NLL 83.50 ± 0.50 at K = 4",
        "omniglot26_vma_8shot: 5 results, NLL 88.00 ± 0.50 at K = 4",
        "omniglot26_vma_16shot: 4 results, NLL 96.00 ± 0.50 at K = 4",
    ]
    # Beside the main figures and the list of models.
    assert html.count('<div class="wide">') == 2 + len(folded)


def test_models_are_in_the_order_of_their_numbers(savedmodels, tmp_path):
    main([str(tmp_path), "--savedmodels", str(savedmodels)])
    reader, _ = read(tmp_path / "index.html")
    names = ["omniglot26_vae", "omniglot26_vma_8shot", "omniglot26_vma_16shot", "untrained"]
    assert reader.names == names
    assert [link for link in reader.links if link.startswith("#")] == [f"#{name}" for name in names]


def test_links_lead_to_files_that_are_there(savedmodels, tmp_path):
    out = tmp_path / "out"
    report = out / "omniglot26_vma_8shot" / "index.html"
    report.parent.mkdir(parents=True)
    report.touch()
    main([str(out), "--savedmodels", str(savedmodels)])
    reader, _ = read(out / "index.html")
    assert [link for link in reader.links if not link.startswith("#")] == [
        "../saved%20models/omniglot26_vae/README.md",
        "omniglot26_vma_8shot/index.html",
    ]


def test_a_folder_without_models(tmp_path, capsys):
    assert main([str(tmp_path / "out"), "--savedmodels", str(tmp_path)]) == 2
    assert "expected a folder with NAME/config.json" in capsys.readouterr().err


def test_metrics_that_are_something_else(savedmodels, tmp_path, capsys):
    (savedmodels / "untrained" / "metrics.json").write_text("{}x")
    assert main([str(tmp_path / "out"), "--savedmodels", str(savedmodels)]) == 2
    assert "metrics.json': expected a list of rows" in capsys.readouterr().err


def cells_under(html: str, heading: str) -> list[list[str]]:
    """Of the first table below a heading, its lines."""
    table = html.partition(heading)[2].partition("<table>")[2].partition("</table>")[0]
    return [
        re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", line) for line in table.split("<tr>") if line
    ]


def test_main_figures_stand_first_and_table_1_as_the_paper_has_it(savedmodels, tmp_path):
    cells = [
        row(f"table1 C=1 S={shots}", "nll", 90.25 - shots, 1_000, paper=paper)
        for shots, paper in ((1, 86.5), (19, 73.9))
    ]
    parts = [row("table1 C=1 S=1", name, value, 1_000) for name, value in PARTS.items()]
    add_model(savedmodels, "gmn_vma", [*cells, *parts])
    main([str(tmp_path), "--savedmodels", str(savedmodels)])
    reader, html = read(tmp_path / "index.html")
    _, header, *lines = cells_under(html, "<h2>In short</h2>")
    assert header == ["", "the paper", "here"]
    assert [line[-2:] for line in lines] == [
        ["90.8", "83.50 ± 0.50"],
        ["69.1, best 68.8", "96.00 ± 0.50"],
        ["80.20", "80.25 ± 0.50"],
    ]
    for words in (
        "few-shot, most examples (here 16), NLL<small>K = 4, 2,880 targets</small>"
        "<small>omniglot26_vma_16shot, 6,000 steps, 12 minutes</small></td>",
        "table 1, NLL, mean of 2 cells of so many targets each<small>",
    ):
        assert words in html
    _, header, ours, paper, _ = cells_under(html, "NLL at K = 1,000 with S examples")
    assert header == ["C", "", *(f"S = {shots}" for shots in (1, 2, 3, 4, 5, 10, 19))]
    assert ours == ["1", "ours", "89.2 ± 0.5", *["–"] * 5, "71.2 ± 0.5"]
    assert (paper[2], paper[-1]) == ("86.5", "73.9")
    assert "Figures of GMN may mean something else" in reader.text


def test_what_several_models_have_in_common_stands_side_by_side(savedmodels, tmp_path):
    """By experiment: images of MNIST and of Omniglot have other K, other figures."""
    for name, accuracy in (("omniglot26_vma_1shot", 0.9), ("omniglot26_vma_2shot", 0.875)):
        right = row("classification 5-way 1-shot", "accuracy", accuracy, None, stderr=0.01)
        add_model(savedmodels, name, [right])
    for name, dataset, nll in (
        ("mnist_vae", "binarized_mnist", 96.25),
        ("omniglot28_vae", "omniglot28", 110.5),
    ):
        parts = {"nll": nll, **PARTS}
        measured = [row("nll", metric, value, 4) for metric, value in parts.items()]
        bounds = [dataclasses.replace(one, protocol=f"nll {dataset}/test") for one in measured]
        home = add_model(savedmodels, name, bounds, family="vae")
        config = Config(home.name, episodes=EpisodeConfig(dataset=dataset, kind="images"))
        (home / "config.json").write_text(json.dumps(to_dict(config)))
    main([str(tmp_path), "--savedmodels", str(savedmodels)])
    _, html = read(tmp_path / "index.html")
    assert cells_under(html, "<p>Accuracy on omniglot26/test")[1:] == [
        ["model", "by", "5-way 1-shot"],
        ["omniglot26_vma_1shot", "q(a|x)", "90.0 ± 2.0 %"],
        ["omniglot26_vma_2shot", "q(a|x)", "87.5 ± 2.0 %"],
    ]
    _, mnist, omniglot, few_shot, all_characters = html.split("<p>Nats per image")
    for table, name in ((mnist, "mnist_vae"), (omniglot, "omniglot28_vae")):
        (line,) = cells_under(table, "in each cell")[2:]
        assert line[0] == name
    lines = cells_under(few_shot, "in each cell")[2:]
    names = ["omniglot26_vae", "omniglot26_vma_8shot", "omniglot26_vma_16shot"]
    assert [line[0] for line in lines] == [_PAPERS, names[0], _PAPERS, *names[1:]]
    (line,) = cells_under(all_characters, "of every character in memory")[2:]
    assert line == [names[1], "NLL, K = 4", "95.00 ± 0.50"]
