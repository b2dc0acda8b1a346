"""Records what TensorFlow Lite's reference kernels say of the bundled model: its golden outputs, the outputs for the sample
pictures, and those for the test pictures. Run it after the model was made again; maskd has no part in it.

usage: record.py TOP SHARED    (needs ai-edge-litert, numpy and pillow)
"""

import json
import os
import re
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image

top, shared = sys.argv[1:]
interpreter = Interpreter(
    top + "/models/mask_mobilenetv2_int8.tflite", experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
interpreter.allocate_tensors()
INPUT, OUTPUT = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
HEIGHT, WIDTH = INPUT["shape"][1:3]
LABELS = ["mask", "no_mask"]


def outputs(values):
    interpreter.set_tensor(INPUT["index"], values.reshape(INPUT["shape"]))
    interpreter.invoke()
    return [int(value) for value in interpreter.get_tensor(OUTPUT["index"])[0]]


def judge(picture, box=None):
    """The outputs for a picture, or for the part of it in a box: left, top, right, bottom."""
    part = picture.crop(box) if box else picture
    # In two calls: Pillow 13 begins with the vertical pass where the height shrinks, maskd with the horizontal one always.
    part = part.resize((WIDTH, part.height), Image.BILINEAR).resize((WIDTH, HEIGHT), Image.BILINEAR)
    return outputs((numpy.asarray(part, numpy.int16) - 128).astype(numpy.int8))


def splitmix64(seed, count):
    """The bytes of a golden input, as docs/models.md has them."""
    mask, words = 2**64 - 1, []
    for _ in range((count + 7) // 8):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        word = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        words.append(word ^ (word >> 31))
    return numpy.array(words, "<u8").view(numpy.int8)[:count]


def record_goldens():
    path = top + "/models/mask_mobilenetv2_int8.json"
    text = open(path).read()
    count = int(numpy.prod(INPUT["shape"]))
    for seed in [golden["input"]["splitmix64"] for golden in json.loads(text)["golden"]]:
        text = re.sub(
            r'("splitmix64": %d\}, "output": )\[[^]]*\]' % seed,
            lambda found: found[1] + json.dumps(outputs(splitmix64(seed, count))), text)
    open(path, "w").write(text)


def record_samples():
    folder = top + "/models/samples/"
    text = open(folder + "expected.json").read()
    expected = json.loads(text)
    for name, entry in expected["pictures"].items():
        picture = Image.open(folder + name).convert("RGB")
        entry["int8_output"] = judge(picture)
        entry["says"] = LABELS[int(numpy.argmax(entry["int8_output"]))]
        if "face_box" in entry:
            entry["face_int8_output"] = judge(picture, entry["face_box"])
            entry["face_says"] = LABELS[int(numpy.argmax(entry["face_int8_output"]))]
    text = json.dumps(expected, indent=1)
    # Lists of numbers stay on their line.
    text = re.sub(r"\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)
    open(folder + "expected.json", "w").write(text + "\n")


def record_test_pictures():
    with open(top + "/Tests/Accuracy/bundled.tsv", "w") as table:
        table.write("file\traw_mask\traw_no_mask\n")
        right = count = 0
        for label in LABELS:
            for name in sorted(os.listdir("%s/masks/test/%s" % (shared, label))):
                file = "test/%s/%s" % (label, name)
                raw = judge(Image.open("%s/masks/%s" % (shared, file)).convert("RGB"))
                table.write("%s\t%d\t%d\n" % (file, *raw))
                right += (raw[0] >= raw[1]) == (label == "mask")
                count += 1
        print("%d of %d test pictures right (%.2f %%)" % (right, count, 100 * right / count))


record_goldens()
record_samples()
record_test_pictures()
