"""What LiteRT and maskd's engine say of the same inputs, for each model that was quantized.

usage: compare.py MASKCTL SHARED FOLDER

FOLDER has NAME_MODE.tflite. Inputs are the corpus' for its models: pictures and noise.
int8: the same bytes as LiteRT's reference kernels.
float32, float16: the same within what the order of sums changes.
dynamic: each layer with int8 weights, on the same input, the same within that too. In the whole model the last bit of a
float may decide which way an activation is quantized, and all layers behind it show that: there the two may be apart by
what quantizing changes, the difference between LiteRT's output and that of the float32 model.
"""

import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

import flatbuffers
import numpy
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

MASKCTL, SHARED, FOLDER = sys.argv[1:4]
sys.path.insert(0, SHARED + "/corpus")
import run_goldens  # noqa: E402

REFERENCE = OpResolverType.BUILTIN_REF
RESOLVERS = [REFERENCE, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, OpResolverType.AUTO]
# Sums of a float layer in another order; for a whole network more, and SOFTMAX of random weights enlarges it.
LAYER_LIMIT, MODEL_LIMIT = 1e-6, 5e-5
# Two outputs with the same noise that have nothing else in common are the root of 2 apart.
NOISE_LIMIT = 1


def quantized(values, detail):
    """Float inputs in the type that the model takes."""
    kind = numpy.dtype(detail["dtype"])
    if kind == values.dtype:
        return values.reshape(detail["shape"])
    scale, zero = detail["quantization"]
    limits = numpy.iinfo(kind)
    steps = numpy.round(values / numpy.float32(scale)) + zero
    return numpy.clip(steps, limits.min, limits.max).astype(kind).reshape(detail["shape"])


class LiteRT:
    def __init__(self, model, resolver=REFERENCE, keep=False):
        self.interpreter = Interpreter(
            model_path=model, num_threads=1, experimental_op_resolver_type=resolver,
            experimental_preserve_all_tensors=keep)
        self.interpreter.allocate_tensors()

    def inputs(self, values):
        return [quantized(*pair) for pair in zip(values, self.interpreter.get_input_details())]

    def outputs(self, inputs):
        for detail, value in zip(self.interpreter.get_input_details(), inputs):
            self.interpreter.set_tensor(detail["index"], value)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(detail["index"]) for detail in self.interpreter.get_output_details()]


def engine(model, inputs, like):
    """The engine's outputs, in the types and shapes of other ones."""
    with tempfile.TemporaryDirectory() as folder:
        command = [MASKCTL, "run", "--model", model, "--output-dir", folder]
        for place, value in enumerate(inputs):
            value.tofile("%s/in%d.bin" % (folder, place))
            command += ["--input", "%s/in%d.bin" % (folder, place)]
        subprocess.run(command, check=True)
        files = ["%s/out%d.bin" % (folder, place) for place in range(len(like))]
        return [numpy.fromfile(file, other.dtype).reshape(other.shape) for file, other in zip(files, like)]


def distance(ours, theirs):
    """The greatest difference, relative to the greatest value; of all outputs."""
    pairs = [(a.astype(float), b.astype(float)) for a, b in zip(ours, theirs) if b.size]
    return max(float(numpy.abs(a - b).max() / max(numpy.abs(b).max(), 1e-9)) for a, b in pairs)


def energy(ours, theirs):
    """The squared differences, for each output."""
    return numpy.array([float(((a.astype(float) - b.astype(float)) ** 2).sum()) for a, b in zip(ours, theirs)])


def apart(model, path):
    """Writes the layers with int8 weights, each by itself; gives the places of their inputs in the whole model."""
    whole = schema.ModelT.InitFromObj(schema.Model.GetRootAs(open(model, "rb").read(), 0))
    graph = whole.subgraphs[0]
    layers = [
        node
        for node in graph.operators
        if len(node.inputs) > 1 and graph.tensors[node.inputs[1]].type == schema.TensorType.INT8
    ]
    for node in layers:
        # Else the result of one layer would be the input of another.
        graph.tensors.append(copy.copy(graph.tensors[node.outputs[0]]))
        node.outputs = [len(graph.tensors) - 1]
    graph.operators = layers
    graph.inputs = list(dict.fromkeys(node.inputs[0] for node in layers))
    graph.outputs = [node.outputs[0] for node in layers]
    whole.signatureDefs = whole.metadata = None
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), b"TFL3")
    with open(path, "wb") as file:
        file.write(builder.Output())
    return graph.inputs


def same_bytes(model, cases):
    litert = LiteRT(model)
    for values in cases:
        inputs = litert.inputs(values)
        theirs = litert.outputs(inputs)
        ours = engine(model, inputs, theirs)
        different = sum(int((a != b).sum()) for a, b in zip(ours, theirs))
        if different or any(a.tobytes() != b.tobytes() for a, b in zip(ours, theirs)):
            return False, "%d values differ" % different
    return True, "same bytes"


def same_floats(model, cases):
    litert = LiteRT(model)
    worst = 0.0
    for values in cases:
        theirs = litert.outputs(litert.inputs(values))
        worst = max(worst, distance(engine(model, values, theirs), theirs))
    return worst <= MODEL_LIMIT, "%.0e apart" % worst


def same_layers(model, cases):
    path = model + ".layers"
    places = apart(model, path)
    if not places:
        return True, "no layer with int8 weights"
    whole, layers = LiteRT(model, keep=True), LiteRT(path)
    worst = 0.0
    for values in cases:
        whole.outputs(whole.inputs(values))
        inputs = [whole.interpreter.get_tensor(place) for place in places]
        theirs = layers.outputs(inputs)
        worst = max(worst, distance(engine(path, inputs, theirs), theirs))
    return worst <= LAYER_LIMIT, "%d layers, %.0e apart" % (len(layers.interpreter.get_output_details()), worst)


def same_within_noise(model, cases):
    """The nearest of LiteRT's three sets of kernels counts."""
    exact = LiteRT(model.replace("_dynamic.", "_float32."))
    best = numpy.inf
    for resolver in RESOLVERS:
        litert = LiteRT(model, resolver)
        apart, noise = 0.0, 0.0
        for values in cases:
            theirs, float32 = litert.outputs(values), exact.outputs(values)
            apart = apart + energy(engine(model, values, theirs), theirs)
            noise = noise + energy(theirs, float32)
        best = min(best, float(numpy.sqrt(apart / numpy.maximum(noise, 1e-12 * apart.max() + 1e-30)).max()))
    return best <= NOISE_LIMIT, "%.2g of the noise apart" % best


CHECKS = {
    "float32": [same_floats], "float16": [same_floats], "dynamic": [same_layers, same_within_noise],
    "int8": [same_bytes],
}


def cases_of_corpus():
    found = {}
    for model in json.load(open(SHARED + "/corpus/manifest.json"))["models"]:
        found[model["name"]] = [
            [
                numpy.frombuffer(run_goldens.input_bytes(rule, tensor), run_goldens.DTYPES[tensor["type"]]).reshape(
                    tensor["shape"])
                for rule, tensor in zip(case["inputs"], model["inputs"])
            ]
            for case in model["cases"]
        ]
    return found


def cases_of_classifiers():
    tensor = {"type": "float32", "shape": [1, 224, 224, 3]}
    rules = [
        {"rule": "picture", "picture": "pictures/hopper_224x224x3.raw", "lo": -1, "hi": 1},
        {"rule": "splitmix64", "seed": 1, "lo": -1, "hi": 1},
    ]
    return [[numpy.frombuffer(run_goldens.input_bytes(rule, tensor), "<f4").reshape(tensor["shape"])] for rule in rules]


corpus, failed = cases_of_corpus(), 0
for model in sorted(glob.glob(FOLDER + "/*_*.tflite")):
    name, _, mode = os.path.basename(model)[: -len(".tflite")].rpartition("_")
    # The models themselves are there as well.
    if mode not in CHECKS or os.path.islink(model):
        continue
    for check in CHECKS[mode]:
        try:
            met, words = check(model, corpus.get(name) or cases_of_classifiers())
        except (RuntimeError, ValueError, subprocess.CalledProcessError) as error:
            met, words = False, " ".join(str(error).split())
        print("%s %s %s: %s" % ("met    " if met else "NOT MET", name, mode, words))
        failed += not met
sys.exit(1 if failed else 0)
