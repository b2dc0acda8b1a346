#!/usr/bin/env python3
"""Makes the Keras models that KerasImportTests read, an input for each, and what Keras itself answers.

Keras 3.15.1 with TensorFlow 2.21.0 and h5py. Run in this folder. Weights are random: every variable, those of
BatchNormalization included, so that nothing is left out unseen.
"""
import json
import os

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
from keras import layers as L

random = np.random.default_rng(20261130)


def randomize(model):
    for variable in model.variables:
        if variable.dtype != "float32":
            continue
        if "variance" in variable.name:
            value = random.uniform(0.5, 2, variable.shape)
        elif "gamma" in variable.name:
            value = random.uniform(0.5, 1.5, variable.shape)
        else:
            fan = max(1, int(np.prod(variable.shape[:-1])))
            value = random.normal(0, 1 / np.sqrt(fan), variable.shape)
        variable.assign(value.astype("float32"))


def save(name, model, kinds=("h5", "keras")):
    randomize(model)
    for kind in kinds:
        model.save(f"{name}.{kind}")
    shape = [1] + [size or 16 for size in model.input_shape[1:]]
    picture = random.uniform(0, 255, shape).astype("float32")
    picture.tofile(f"{name}.in.bin")
    np.asarray(model(picture, training=False)).astype("float32").tofile(f"{name}.out.bin")


def plain():
    return keras.Sequential([
        keras.Input((17, 16, 3)),
        L.RandomFlip(),
        L.Rescaling(1 / 127.5, offset=-1),
        L.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(6.0),
        L.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        L.BatchNormalization(scale=False),
        L.Activation("relu"),
        L.SeparableConv2D(12, 3, activation="swish"),
        L.MaxPooling2D(2),
        L.Dropout(0.5),
        L.Flatten(),
        L.Dense(6, activation="leaky_relu"),
        L.Dense(3, activation="softmax"),
    ])


def backbone():
    picture = keras.Input((16, 16, 3))
    x = L.ZeroPadding2D(((0, 1), (0, 1)))(picture)
    x = L.Conv2D(8, 3, strides=2, use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.Activation("hard_silu")(x)
    squeezed = L.GlobalAveragePooling2D(keepdims=True)(x)
    squeezed = L.Conv2D(4, 1, activation="relu")(squeezed)
    squeezed = L.Conv2D(8, 1)(squeezed)
    gate = L.ReLU(6.0)(squeezed + 3.0) * (1.0 / 6.0)
    x = L.Multiply()([x, gate])
    shared = L.Conv2D(8, 3, padding="same", activation="relu")
    x = L.Add()([shared(x), shared(shared(x))])
    return keras.Model(picture, x, name="backbone")


def nested():
    picture = keras.Input((16, 16, 3))
    x = keras.applications.mobilenet_v2.preprocess_input(picture)
    x = backbone()(x, training=False)
    head = keras.Sequential([L.GlobalMaxPooling2D(), L.Dense(5, activation="hard_sigmoid"), L.Dense(2)], name="head")
    return keras.Model(picture, L.Softmax()(head(x)))


def rare():
    picture = keras.Input((12, 12, 4))
    x = L.Normalization(mean=[10.0, 20.0, 30.0, 40.0], variance=[4.0, 900.0, 10000.0, 100.0])(picture)
    x = L.BatchNormalization()(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    left = L.Conv2D(8, 3, groups=2, padding="same", dilation_rate=2, activation="elu")(x)
    right = L.AveragePooling2D(3, strides=1, padding="same")(x)
    x = L.Concatenate()([left, right])
    x = L.Cropping2D(((1, 0), (0, 2)))(x)
    small = L.UpSampling2D(2)(L.MaxPooling2D(3, strides=2, padding="same")(x))
    small = L.Cropping2D(((0, 1), (0, 0)))(small)
    smooth = L.UpSampling2D((1, 2), interpolation="bilinear")(L.AveragePooling2D((1, 2))(x))
    x = L.Average()([x, small, smooth])
    x = L.Maximum()([x, L.Minimum()([small, smooth])])
    x = L.Subtract()([x, smooth])
    x = L.ReLU(max_value=2.5)(x)
    x = L.Dense(4, activation="gelu")(x)
    x = L.LeakyReLU(negative_slope=0.1)(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Reshape((2, -1))(x)
    x = L.Dense(3, activation="tanh")(x)
    x = L.Flatten()(x)
    x = x / 2.0 - 0.25
    return keras.Model(picture, L.Activation("sigmoid")(x))


def as_keras_2(source, target):
    """Rewrites an .h5 file of `plain` in the words of Keras 2 (tf.keras 2.15)."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        network = json.loads(old.attrs["model_config"])
        for layer in network["config"]["layers"]:
            for key in ("module", "registered_name", "build_config"):
                layer.pop(key, None)
            config = layer["config"]
            config["dtype"] = "float32"
            if "batch_shape" in config:
                config["batch_input_shape"] = config.pop("batch_shape")
            if layer["class_name"] == "BatchNormalization":
                config["axis"] = [3]
            if layer["class_name"] == "Dense" and config["activation"] == "leaky_relu":
                config["activation"] = "hard_sigmoid"
        new.attrs["model_config"] = json.dumps(network).encode()
        new.attrs["keras_version"] = b"2.15.0"
        new.attrs["backend"] = b"tensorflow"
        group = new.create_group("model_weights")
        for name, layer in old["model_weights"].items():
            copy = group.create_group(name)
            names = [n.decode() if isinstance(n, bytes) else n for n in layer.attrs.get("weight_names", [])]
            renamed = [f"sequential/{n}:0" for n in names]
            copy.attrs["weight_names"] = np.array([n.encode() for n in renamed]) if renamed else []
            for n, r in zip(names, renamed):
                copy[r] = layer[n][()]


def keras_2_answer(source):
    """`plain` with hard_sigmoid as Keras 2 defined it, in the place of leaky_relu."""
    model = keras.models.load_model(source)
    x = np.fromfile("plain.in.bin", "float32").reshape([1, 17, 16, 3])
    for layer in model.layers:
        if layer.name == model.layers[-2].name:
            x = np.clip(0.2 * (x @ layer.kernel.numpy() + layer.bias.numpy()) + 0.5, 0, 1).astype("float32")
        else:
            x = np.asarray(layer(x, training=False)) if "Dropout" not in type(layer).__name__ else x
    x.astype("float32").tofile("keras2.out.bin")


save("plain", plain())
save("nested", nested())
save("rare", rare(), kinds=("keras",))
as_keras_2("plain.h5", "keras2.h5")
keras_2_answer("plain.h5")
network = keras.Sequential([keras.Input((8,)), L.Dense(4), L.UnitNormalization()])
network.save("unknown.keras")
