"""Layers: forward and backward side by side, one short file a family."""

from tinyae.layers.activations import LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softplus, Tanh
from tinyae.layers.base import Layer
from tinyae.layers.convolution import Conv2d, ConvTranspose2d
from tinyae.layers.dropout import Dropout
from tinyae.layers.linear import Linear
from tinyae.layers.module import Module, Parameter
from tinyae.layers.normalization import BatchNorm1d, BatchNorm2d
from tinyae.layers.pooling import MaxPool2d
from tinyae.layers.sequential import Sequential
from tinyae.layers.shape import Flatten, Unflatten

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "Unflatten",
]
