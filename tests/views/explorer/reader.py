"""Somebody in front of the explorer: moves, presses, looks."""

import base64
import io

import numpy as np
from matplotlib.image import imread


class Reader:
    """A person in front of the page."""

    def __init__(self, tab):
        self.page, self.mouse, self.press = tab.page, tab.page.mouse, tab.page.keyboard.press
        self.box = tab.page.locator("#marks").bounding_box()

    def at(self, across, down):
        """A place on the map, in parts of its width and height."""
        box = self.box
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def drag(self, start, end):
        self.mouse.move(*self.at(*start))
        self.mouse.down()
        self.mouse.move(*self.at(*end), steps=5)
        self.mouse.up()
        self.frame()

    def frame(self):
        """Wait until the page has drawn."""
        wait = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(wait)

    def code(self):
        self.frame()
        return np.array(self.page.evaluate("Array.from(code)"))

    def shown(self, canvas="#picture"):
        """The pixels of a canvas: its red values, row by row."""
        self.frame()
        address = self.page.locator(canvas).evaluate("(canvas) => canvas.toDataURL()")
        return red(base64.b64decode(address.partition(",")[2])).ravel()

    def text(self, selector):
        self.frame()
        return self.page.locator(selector).inner_text()


def red(png):
    """The red values of a PNG file."""
    return np.rint(imread(io.BytesIO(png), format="png")[..., 0] * 255)


def grey(values):
    """What a light page shows for decoded numbers in [0, 1]: ink 17 on paper 255."""
    return 255 - np.clip(values, 0, 1) * (255 - 17)
