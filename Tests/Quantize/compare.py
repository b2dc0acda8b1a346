"""What LiteRT's reference kernels and maskctl say of the same input, for each model.

usage: compare.py MASKCTL MODEL...
"""

import os
import subprocess
import sys
import tempfile

import numpy
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def inputs(interpreter):
    random = numpy.random.default_rng(1)
    for detail in interpreter.get_input_details():
        kind = numpy.dtype(detail["dtype"])
        if kind.kind == "f":
            yield detail["index"], random.uniform(-1, 1, detail["shape"]).astype(kind)
        else:
            limits = numpy.iinfo(kind)
            yield detail["index"], random.integers(limits.min, limits.max + 1, detail["shape"]).astype(kind)


def outputs(maskctl, model, values):
    with tempfile.TemporaryDirectory() as folder:
        command = [maskctl, "run", "--model", model, "--output-dir", folder]
        for place, value in enumerate(values):
            value.tofile("%s/in%d.bin" % (folder, place))
            command += ["--input", "%s/in%d.bin" % (folder, place)]
        subprocess.run(command, check=True)
        place = 0
        while os.path.exists("%s/out%d.bin" % (folder, place)):
            yield open("%s/out%d.bin" % (folder, place), "rb").read()
            place += 1


def compare(maskctl, model):
    """The greatest difference, relative to the greatest value, and whether all bytes are the same."""
    interpreter = Interpreter(model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    interpreter.allocate_tensors()
    values = list(inputs(interpreter))
    for index, value in values:
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    difference, same = 0.0, True
    results = list(outputs(maskctl, model, [value for _, value in values]))
    for detail, result in zip(interpreter.get_output_details(), results):
        theirs = interpreter.get_tensor(detail["index"])
        ours = numpy.frombuffer(result, theirs.dtype).reshape(theirs.shape)
        same = same and theirs.tobytes() == result
        scale = max(float(numpy.abs(theirs.astype(float)).max()), 1e-9)
        difference = max(difference, float(numpy.abs(theirs.astype(float) - ours).max()) / scale)
    return difference, same


failed = 0
for model in sys.argv[2:]:
    difference, same = compare(sys.argv[1], model)
    # Where the last bit of a float decides which way an activation is quantized, all layers behind it show it.
    limit = 0 if "_int8" in model else 0.2 if "_dynamic" in model else 2e-5
    met = same if limit == 0 else difference <= limit
    name = os.path.basename(model)
    print("%s %s: %s" % ("met    " if met else "NOT MET", name, "same bytes" if same else "%.1e apart" % difference))
    failed += not met
sys.exit(1 if failed else 0)
