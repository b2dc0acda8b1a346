"""Writes what the experiment measured into a page, between its marks, and draws it.

usage: tables.py WORK SHARED PAGE.md PICTURE.svg
"""

import json
import os
import sys

from picture import draw

FORMS = ["float32", "float16", "dynamic", "int8"]
NETWORKS = [("resnet50", "ResNet50"), ("mobilenetv2", "MobileNetV2")]
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

work, shared, page, picture = sys.argv[1:]


def least(path, key):
    """The least value of all rounds; None where nothing was measured."""
    if not os.path.exists(path):
        return None
    return min(key(json.loads(line)) for line in open(path))


def memory(measured):
    """MB above the process before it opened the model."""
    return (measured["peak_rss_kb"] - measured["bare_rss_kb"]) * 1024 / 1e6


def measured(name):
    """What maskd's form of a network gave, by form."""
    real = {line.strip() for line in open(shared + "/masks/test_real_masks.txt")}
    evaluations = json.load(open("%s/%s.evaluation" % (work, name)))["models"]
    unit = None
    for form, evaluation in zip(FORMS, evaluations):
        model = "%s/%s_%s.tflite" % (work, name, form)
        missed = {os.path.relpath(mistake["file"], shared + "/masks") for mistake in evaluation["mistakes"]}
        time = least(model + ".maskd", lambda line: line["min_ms"])
        unit = unit or time
        litert = least(model + ".litert", lambda line: line["min_ms"])
        yield form, {
            "bytes": os.path.getsize(model),
            "accuracy": 100 * evaluation["accuracy"]["value"],
            "real": 100 * (1 - len(missed & real) / len(real)),
            "memory": least(model + ".maskd", memory),
            "litert memory": least(model + ".litert", memory),
            "time": time / unit,
            "litert time": litert and litert / unit,
        }


def recorded(name):
    """What TensorFlow Lite's own converter and LiteRT gave, by form."""
    for line in json.load(open(shared + "/models/figures.json")):
        form = line["file"].removesuffix(".tflite").removeprefix("mask_%s_" % name)
        if form in FORMS:
            yield form, {
                "bytes": line["bytes"],
                "accuracy": 100 * line["accuracy"],
                "real": 100 * line["recall_real_masks"],
                "memory": line["delegate_peak_mib"] * 1.048576,
            }


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(ours, theirs):
    rows = [
        "| form | bytes | TFLite | accuracy % | TFLite | worn masks found % | TFLite | memory MB | LiteRT | time | LiteRT |",
        "| --- |" + " ---: |" * 10,
    ]
    for form in FORMS:
        our, their = ours[form], theirs[form]
        cells = [form]
        cells += [number(our["bytes"], 0), number(their["bytes"], 0)]
        for key in ("accuracy", "real"):
            cells += [number(our[key], 2), number(their[key], 2)]
        cells += [number(our["memory"], 1), number(our["litert memory"] or their["memory"], 1)]
        cells += [number(our["time"], 2), number(our["litert time"], 2)]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


figures = {name: (dict(measured(name)), dict(recorded(name))) for name, _ in NETWORKS}
text = open(page).read()
head, rest = text.split(BEGIN)
tail = rest.split(END)[1]
tables = "\n\n".join("### %s\n\n%s" % (title, table(*figures[name])) for name, title in NETWORKS)
open(page, "w").write(head + BEGIN + "\n" + tables + "\n" + END + tail)
open(picture, "w").write(draw([(title, *figures[name]) for name, title in NETWORKS], FORMS))
print(tables)
