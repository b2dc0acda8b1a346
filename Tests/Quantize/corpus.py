"""Quantizes the float models of the corpus in every mode, and has those refused that cannot be.

usage: corpus.py MASKCTL SHARED FOLDER

Leaves NAME_MODE.tflite in the folder, for compare.py. What is written may be 1 % larger than what TensorFlow Lite's
converter makes, where that is known; int8 must not say something else than the float model.
"""

import json
import os
import subprocess
import sys

# Sentences by which models are refused in every mode, and in int8, which needs a picture as its input.
GRAPHS = "graphs, for control flow or for several signatures"
REFUSED = {
    "odd_call_once_variables": GRAPHS,
    "odd_composite_external_buffers": GRAPHS,
    "odd_dynamic_shapes": "operand 2 is computed while the model runs",
    "odd_empty_model": "computes with no float32 tensor",
    "odd_nested_while": GRAPHS,
    "odd_reshape_empty_shape": "computes with no float32 tensor",
    "odd_two_empty_subgraphs": GRAPHS,
    "odd_two_signatures": GRAPHS,
    "odd_weight_sharing": GRAPHS,
    "odd_zero_size_constant": "computes with no float32 tensor",
}
REFUSED_INT8 = {
    "odd_broadcast_6d": "2 inputs",
    "odd_constant_output": "shape [2]",
    "odd_fork": "shape [2, 2]",
    "odd_multi_add": "4 inputs",
    "odd_zero_operators": "3 inputs",
}

# For int8, the bytes of the file that TensorFlow 2.21's quantizer makes of the float32 one, and the signal to noise
# ratio of the output in dB, less 1.5, that the calibration pictures below gave.
INT8 = {
    "resnet8_float32": (95376, 28),
    "mnist_cnn_float32": (7424, 40),
    "aizoo_face_mask_float32": (1065080, 25),
    "blazeface_short_range_float16": (181224, 16),
    "blazeface_back_float16": (255392, 18),
    "blazeface_full_range_sparse_float16": (804776, 15),
    "blazeface_front_float32": (180416, 26),
    "blazeface_task_float16_metadata": (181928, 16),
    "mtcnn_rnet_float32": (117096, 20),
    # Random weights, whose noise grows from layer to layer; the converter's file is worse.
    "mobilenet_v2_035_96_float16": (643616, 6),
    "detector_96_float16": (45416, 25),
    "mnas_80_sparse_float32": (258152, 22),
}
# For dynamic range, the bytes of the converter's file of the same network.
DYNAMIC = {"mobilenet_v2_035_96_float16": 570120}
PICTURES = 32


class Corpus:
    def __init__(self, maskctl, shared, folder):
        self.maskctl, self.shared, self.folder = maskctl, shared, folder
        self.failures = 0

    def fail(self, *words):
        print("NOT MET", *words)
        self.failures += 1

    def quantize(self, model, mode):
        """The exit status, the report and the complaint."""
        name = model["name"]
        source, output = "%s/%s.tflite" % (self.folder, name), "%s/%s_%s.tflite" % (self.folder, name, mode)
        command = [self.maskctl, "quantize", source, "-o", output, "--mode", mode, "--json"]
        if mode == "int8":
            command += ["--calibrate", self.shared + "/masks/train", "--pictures", str(PICTURES)]
        run = subprocess.run(command, capture_output=True, text=True)
        return run.returncode, run.stdout, run.stderr.splitlines()

    def place(self, model):
        """The model in the folder, with a sidecar that says what its values stand for."""
        source = "%s/%s.tflite" % (self.folder, model["name"])
        os.symlink("%s/corpus/%s" % (self.shared, model["file"]), source)
        rules = [case["inputs"][0] for case in model["cases"][:1] if case["inputs"]]
        if rules and "lo" in rules[0] and len(model["inputs"]) == 1:
            ends = [rules[0]["lo"], rules[0]["hi"]]
            with open(source.replace(".tflite", ".json"), "w") as sidecar:
                json.dump({"input": {"range": ends}}, sidecar)

    def check_refusal(self, model, mode, status, complaint, sentence):
        output = "%s/%s_%s.tflite" % (self.folder, model["name"], mode)
        said = [line for line in complaint if "is assumed, and" not in line]
        if status == 0 or os.path.exists(output):
            self.fail(model["name"], mode, "was written; it should be refused:", sentence)
        elif not 64 <= status <= 78 or len(said) != 1 or sentence not in said[0]:
            self.fail(model["name"], mode, "ended with %d and %s, not with: %s" % (status, complaint, sentence))

    def check_result(self, model, mode, report):
        name = model["name"]
        size = os.path.getsize("%s/%s_%s.tflite" % (self.folder, name, mode))
        limit, least = INT8.get(name, (None, None)) if mode == "int8" else (None, None)
        if mode == "dynamic":
            limit = DYNAMIC.get(name)
        # A file of the corpus is the converter's own in its kind; sparse weights are written as plain ones.
        if mode == model["kind"] and "sparse" not in name:
            limit = model["bytes"]
        if limit and size > limit + limit // 100:
            self.fail(name, mode, "%d bytes, the converter's file has %d" % (size, limit))
        line = "%s %s: %d bytes" % (name, mode, size) + (", the converter's file %d" % limit if limit else "")
        if least is not None:
            found = json.loads(report)
            best = found["candidates"][0]["output_sqnr_db"]
            line += ", %.1f dB" % best
            if best < least:
                self.fail(name, mode, "the output has %.1f dB, at least %d are asked for" % (best, least))
            if found["float_operators"]:
                self.fail(name, mode, "stays float in part: %s" % found["float_operators"])
        print(line)

    def check(self, model):
        name = model["name"]
        self.place(model)
        for mode in ("float32", "float16", "dynamic", "int8"):
            status, report, complaint = self.quantize(model, mode)
            sentence = "" if model["class"] == "refuse" else REFUSED.get(name)
            if sentence is None and mode == "int8":
                sentence = REFUSED_INT8.get(name)
            if sentence is not None:
                self.check_refusal(model, mode, status, complaint, sentence)
            elif status != 0:
                self.fail(name, mode, *complaint)
            else:
                self.check_result(model, mode, report)


corpus = Corpus(*sys.argv[1:4])
models = [
    model
    for model in json.load(open(corpus.shared + "/corpus/manifest.json"))["models"]
    if model["kind"] in ("float32", "float16") or model["class"] == "refuse"
]
for model in models:
    corpus.check(model)
unknown = (REFUSED.keys() | REFUSED_INT8.keys() | INT8.keys()) - {model["name"] for model in models}
if unknown:
    corpus.fail("not in the corpus:", *sorted(unknown))
sys.exit(1 if corpus.failures else 0)
