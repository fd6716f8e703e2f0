"""Every refusal names the layer as it was built, what was expected and what came."""

import numpy as np
import pytest

import tinyae as ta


def ones(*shape, dtype="float32"):
    return np.ones(shape, dtype)


def backward(layer, x, dy):
    layer(x)
    layer.backward(dy)


CASES = {
    # wrong shapes, wrong number of axes
    "images for a Linear": (
        lambda: ta.Linear(784, 128)(ones(32, 28, 28)),
        "Linear(784, 128): expected input (N, 784), got (32, 28, 28)",
    ),
    "other features": (
        lambda: ta.Linear(784, 128)(ones(32, 196)),
        "Linear(784, 128): expected input (N, 784), got (32, 196)",
    ),
    "one sample without its axis": (
        lambda: ta.Linear(4, 2, bias=False)(ones(4)),
        "Linear(4, 2, bias=False): expected input (N, 4), got (4,)",
    ),
    "other channels": (
        lambda: ta.Conv2d(1, 4, 3, stride=2)(ones(5, 3, 28, 28)),
        "Conv2d(1, 4, 3, stride=2): expected input (N, 1, H, W), got (5, 3, 28, 28)",
    ),
    "images without a channel": (
        lambda: ta.ConvTranspose2d(1, 4, 3)(ones(5, 28, 28)),
        "ConvTranspose2d(1, 4, 3): expected input (N, 1, H, W), got (5, 28, 28)",
    ),
    "rows for a pooling": (
        lambda: ta.MaxPool2d(2)(ones(5, 784)),
        "MaxPool2d(2): expected input (N, C, H, W), got (5, 784)",
    ),
    "images for BatchNorm1d": (
        lambda: ta.BatchNorm1d(4)(ones(5, 4, 3, 3)),
        "BatchNorm1d(4): expected input (N, 4) or (N, 4, L), got (5, 4, 3, 3)",
    ),
    "rows for BatchNorm2d": (
        lambda: ta.BatchNorm2d(4)(ones(5, 4)),
        "BatchNorm2d(4): expected input (N, 4, H, W), got (5, 4)",
    ),
    "too few features to unflatten": (
        lambda: ta.Unflatten((2, 3))(ones(5, 7)),
        "Unflatten((2, 3)): expected input (N, 6), got (5, 7)",
    ),
    "a vector for LogSoftmax": (
        lambda: ta.LogSoftmax()(ones(5)),
        "LogSoftmax(): expected input (N, C, …), got (5,)",
    ),
    "a number for Flatten": (
        lambda: ta.Flatten()(np.array(3.0)),
        "Flatten(): expected input (N, …), got ()",
    ),
    "an image smaller than the kernel": (
        lambda: ta.Conv2d(1, 1, 5, padding=1)(ones(2, 1, 2, 9)),
        "Conv2d(1, 1, 5, padding=1): expected an image of at least (5, 5) with its padding, "
        "got (2, 9)",
    ),
    "an image smaller than the window": (
        lambda: ta.MaxPool2d(3)(ones(2, 1, 2, 9)),
        "MaxPool2d(3): expected an image of at least (3, 3) with its padding, got (2, 9)",
    ),
    "an image that padding takes away": (
        lambda: ta.ConvTranspose2d(1, 1, 2, padding=2)(ones(2, 1, 3, 2)),
        "ConvTranspose2d(1, 1, 2, padding=2): expected an image that leaves at least one pixel, "
        "got (3, 2), which would give (0, -1)",
    ),
    "inside a Sequential": (
        lambda: ta.Sequential(ta.Linear(4, 3), ta.Linear(2, 1))(ones(5, 4)),
        "Linear(2, 1): expected input (N, 2), got (5, 3)",
    ),
    # types
    "images as they are stored": (
        lambda: ta.Linear(784, 9)(ones(5, 784, dtype="uint8")),
        "Linear(784, 9): expected input of a float type, got uint8; convert it first, such as "
        "images.astype('float32') / 255",
    ),
    "an integer upstream gradient": (
        lambda: backward(ta.Tanh(), ones(2, 3), ones(2, 3, dtype="int64")),
        "Tanh(): expected upstream gradient of a float type, got int64; convert it first, such "
        "as images.astype('float32') / 255",
    ),
    "a list": (
        lambda: ta.ReLU()([[1.0, 2.0]]),
        "ReLU(): input: expected a NumPy or CuPy array, got list",
    ),
    # numbers
    "NaN": (
        lambda: ta.Linear(3, 2)(np.array([[0, np.nan, 1]])),
        "Linear(3, 2): expected finite input, got 1 NaN or infinite values among 3",
    ),
    "infinity at the door of a model": (
        lambda: ta.Sequential(ta.Flatten(), ta.ReLU())(np.array([[np.inf, -np.inf]])),
        "Sequential: expected finite input, got 2 NaN or infinite values among 2",
    ),
    "an infinite upstream gradient": (
        lambda: backward(ta.Tanh(), ones(1, 2), np.array([[np.inf, 0]])),
        "Tanh(): expected finite upstream gradient, got 1 NaN or infinite values among 2",
    ),
    # batches
    "an empty batch": (
        lambda: ta.Linear(4, 2)(ones(0, 4)),
        "Linear(4, 2): expected at least one sample, got shape (0, 4)",
    ),
    "an empty batch to flatten": (
        lambda: ta.Flatten()(ones(0, 2, 2)),
        "Flatten(): expected at least one sample, got shape (0, 2, 2)",
    ),
    "a batch of one in training": (
        lambda: ta.BatchNorm1d(4)(ones(1, 4)),
        "BatchNorm1d(4): expected more than one value a feature in training, got input (1, 4); "
        "use a larger batch, DataLoader(…, drop_last=True), or model.eval()",
    ),
    "one image of one pixel in training": (
        lambda: ta.BatchNorm2d(4)(ones(1, 4, 1, 1)),
        "BatchNorm2d(4): expected more than one value a feature in training, got input "
        "(1, 4, 1, 1); use a larger batch, DataLoader(…, drop_last=True), or model.eval()",
    ),
    # backward
    "backward first": (
        lambda: ta.Conv2d(1, 2, 3).backward(ones(1, 2, 3, 3)),
        "Conv2d(1, 2, 3): backward called before forward",
    ),
    "another batch in backward": (
        lambda: backward(ta.Linear(4, 2), ones(3, 4), ones(5, 2)),
        "Linear(4, 2): expected an upstream gradient of the output's shape (3, 2), got (5, 2)",
    ),
    "the input's shape in backward": (
        lambda: backward(ta.MaxPool2d(2), ones(1, 1, 4, 4), ones(1, 1, 4, 4)),
        "MaxPool2d(2): expected an upstream gradient of the output's shape (1, 1, 2, 2), "
        "got (1, 1, 4, 4)",
    ),
    # arguments
    "features that are none": (
        lambda: ta.Linear(0, 2),
        "Linear(0, 2): expected in_features ≥ 1 and out_features ≥ 1",
    ),
    "channels that are none": (
        lambda: ta.Conv2d(1, 0, 3),
        "Conv2d(1, 0, 3): expected in_channels ≥ 1 and out_channels ≥ 1",
    ),
    "channels that are negative": (
        lambda: ta.ConvTranspose2d(-1, 2, 3),
        "ConvTranspose2d(-1, 2, 3): expected in_channels ≥ 1 and out_channels ≥ 1",
    ),
    "a batch norm of nothing": (
        lambda: ta.BatchNorm1d(0),
        "BatchNorm1d(0): expected num_features ≥ 1, eps ≥ 0 and momentum in [0, 1]",
    ),
    "a momentum above one": (
        lambda: ta.BatchNorm2d(3, momentum=9),
        "BatchNorm2d(3, momentum=9): expected num_features ≥ 1, eps ≥ 0 and momentum in [0, 1]",
    ),
    "a kernel of nothing": (
        lambda: ta.Conv2d(1, 2, 0),
        "Conv2d(1, 2, 0): expected kernel_size ≥ 1, stride ≥ 1 and padding ≥ 0, "
        "got (0, 0), (1, 1) and (0, 0)",
    ),
    "no step": (
        lambda: ta.ConvTranspose2d(1, 2, 3, stride=(1, 0)),
        "ConvTranspose2d(1, 2, 3, stride=(1, 0)): expected kernel_size ≥ 1, stride ≥ 1 and "
        "padding ≥ 0, got (3, 3), (1, 0) and (0, 0)",
    ),
    "output_padding of the stride": (
        lambda: ta.ConvTranspose2d(1, 2, 3, stride=2, output_padding=2),
        "ConvTranspose2d(1, 2, 3, stride=2, output_padding=2): expected output_padding in "
        "[0, stride), got (2, 2) with stride (2, 2)",
    ),
    "a window of nothing": (
        lambda: ta.MaxPool2d((2, 0)),
        "MaxPool2d((2, 0)): expected kernel_size ≥ 1 and stride ≥ 1",
    ),
    "windows of nothing but padding": (
        lambda: ta.MaxPool2d(2, padding=2),
        "MaxPool2d(2, padding=2): expected padding between 0 and half of kernel_size (2, 2), "
        "got (2, 2)",
    ),
    "everything dropped": (
        lambda: ta.Dropout(1.0),
        "Dropout(1.0): expected a chance p in [0, 1), got 1.0",
    ),
    "a length of nothing": (
        lambda: ta.Unflatten((2, 0)),
        "Unflatten((2, 0)): expected positive lengths, got (2, 0)",
    ),
    "weights of integers": (
        lambda: ta.Linear(3, 2).astype("int32"),
        "Linear(3, 2): expected a float type for the weights, got int32",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refusal(name):
    action, message = CASES[name]
    with pytest.raises(ta.TinyaeError) as caught:
        action()
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)


def test_evaluation_takes_a_batch_of_one():
    assert ta.BatchNorm1d(4).eval()(ones(1, 4)).shape == (1, 4)
    assert ta.BatchNorm2d(4)(ones(1, 4, 2, 1)).shape == (1, 4, 2, 1)


def test_a_refused_batch_leaves_batch_norm_as_it_was():
    layer = ta.BatchNorm1d(4)
    before = layer.state_dict()
    for x in (ones(1, 4), np.full((3, 4), np.nan), ones(3, 5)):
        with pytest.raises(ta.TinyaeError):
            layer(x)
    for path, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


BACKENDS = "arrays of two backends mixed: {} and {}; move the data"


@pytest.mark.parametrize(
    "layer",
    [ta.Linear(3, 3), ta.Conv2d(3, 2, 1), ta.BatchNorm1d(3), ta.Sequential(ta.Linear(3, 3))],
    ids=lambda layer: layer.label,
)
def test_data_and_weights_on_two_backends(layer, strict):
    x = strict.asarray(ones(2, 3, 1, 1) if isinstance(layer, ta.Conv2d) else ones(2, 3))
    inner = layer[0] if isinstance(layer, ta.Sequential) else layer
    message = f"{inner.label}: input: {BACKENDS.format('strict', 'numpy')}"
    with pytest.raises(ta.TinyaeError) as caught:
        layer(x)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("layer", [ta.Linear(3, 3), ta.ReLU()], ids=lambda layer: layer.label)
def test_an_upstream_gradient_on_another_backend(layer, strict):
    y = layer(ones(2, 3))
    with pytest.raises(ta.TinyaeError) as caught:
        layer.backward(strict.asarray(y))
    expected = {
        "Linear(3, 3)": f"upstream gradient: {BACKENDS.format('strict', 'numpy')}",
        "ReLU()": "expected an upstream gradient on the output's backend numpy, got one on strict",
    }
    assert str(caught.value).startswith(f"{layer.label}: {expected[layer.label]}")
