"""Writes objects as YAML or JSON text and tells where each value stands."""
import json


def scalar(value):
    """A scalar in a form that YAML and JSON read alike."""
    return json.dumps(value, ensure_ascii=True)


class Emitter:
    """Block YAML with one entry a line. `places`: path (tuple of keys and indexes) → (line, column of
    the key or list dash, column of the value), counted from 1 in the emitted text."""

    def __init__(self, comments=False):
        self.lines = []
        self.places = {}
        self.comments = comments

    def line(self, text):
        self.lines.append(text)
        if self.comments and len(self.lines) % 3 == 0:
            self.lines.append("# a remark: {not: [a, value]}")

    def entry(self, indent, prefix, value, path):
        start = " " * indent + prefix
        self.places[path] = (len(self.lines) + 1, indent + 1, len(start) + 2)
        if isinstance(value, dict) and value or isinstance(value, list) and value:
            self.line(start)
            self.node(value, indent + 2, path)
        else:
            self.line(f"{start} {scalar(value)}")

    def node(self, value, indent, path):
        if isinstance(value, dict):
            for key, child in value.items():
                self.entry(indent, scalar(key) + ":", child, path + (key,))
        else:
            for index, child in enumerate(value):
                self.entry(indent, "-", child, path + (index,))

    def text(self, value):
        self.node(value, 0, ())
        return "\n".join(self.lines) + "\n"


def yaml_text(value, comments=False):
    emitter = Emitter(comments)
    return emitter.text(value), emitter.places


def reverse_keys(value):
    if isinstance(value, dict):
        return {key: reverse_keys(value[key]) for key in reversed(list(value))}
    if isinstance(value, list):
        return [reverse_keys(item) for item in value]
    return value
