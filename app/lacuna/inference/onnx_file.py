"""Where the numbers of an ONNX file lie: in it, or in files beside it that it names (onnx/onnx.proto, `external_data`).

Read from the bytes alone. A file of others may name any path of this machine, or with ONNX Runtime even a place in
memory: nothing but plain names is let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lacuna.contract.graph_config import GRAPH, GRAPH_CONFIG
from lacuna.contract.model_files import FILE
from lacuna.errors import UnsupportedFormat
from lacuna.i18n import _
from lacuna.inference.protobuf import fields
from lacuna.inference.tensors import unreadable

LARGEST_GRAPH = 2 << 30  # bytes: no message of Protocol Buffers may have more
LARGEST = 8 << 30  # with the files beside it
MOST_FIELDS = 10_000_000

# By the number of a field, what kind of message stands in it: all the ways from a model to a tensor.
INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "place"},
    "place": {},
}
KEY, VALUE = 1, 2  # of a place
GRAPH_OF_MODEL, TENSOR_OF_GRAPH = 7, 5
NAME, LOCATION, EXTERNAL = 8, 14, 1  # of a tensor, and where its numbers are if not in it


def beside(path: Path) -> tuple[Path, ...]:
    """The files with numbers that this one names, all in its folder.

    Raises UnreadableFile for one that is no ONNX file, or not whole, or lacks such a file, and UnsupportedFormat for
    one that names anything else, or is too large.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_GRAPH:
            raise _too_large(path, LARGEST_GRAPH)
        names = sorted(set(_locations(memoryview(path.read_bytes()))))
    except OSError as error:
        raise unreadable(path, error.strerror or error, error) from error
    except ValueError as error:  # UnicodeDecodeError is one
        raise unreadable(path, error, error) from error
    odd = [name for name in names if not FILE.fullmatch(name) or name in (GRAPH, GRAPH_CONFIG)]
    if odd:
        raise UnsupportedFormat(
            _("{file} wants to read “{name}”, which is not the name of a file beside it.").format(
                file=path.name, name=odd[0][:100]
            ),
            hint=_("Fetch it as one file, or with its files in one folder."),
        )
    found = tuple(path.with_name(name) for name in names)
    for file in found:
        if not file.is_file():
            raise unreadable(path, _("{file} is missing beside it").format(file=file.name))
        size += file.stat().st_size
    if size > LARGEST:
        raise _too_large(path, LARGEST)
    return found


def handed_over(model: bytes) -> frozenset[str]:
    """The names of the tensors whose numbers a graph leaves to whoever runs it.

    Raises ValueError for no ONNX file, and where a graph within it leaves some, too: ONNX Runtime would look for those
    in a file.
    """
    view = memoryview(model)
    tensors = [tensor for graph in _inside(view, GRAPH_OF_MODEL) for tensor in _inside(graph, TENSOR_OF_GRAPH)]
    found = list(filter(None, (_left_out(dict(fields(tensor))) for tensor in tensors)))
    anywhere = [said for kind, said in _messages(view) if kind == "tensor" and said.get(LOCATION) == EXTERNAL]
    if len(anywhere) != len(found):
        raise ValueError(_("a graph within it keeps numbers elsewhere"))
    return frozenset(found)


def _left_out(tensor: Mapping[int, int | memoryview]) -> str:
    """Its name, if its numbers are not in it; else ""."""
    name = tensor.get(NAME)
    return bytes(name).decode() if tensor.get(LOCATION) == EXTERNAL and isinstance(name, memoryview) else ""


def _inside(message: memoryview, number: int) -> Iterator[memoryview]:
    return (value for field, value in fields(message) if field == number and isinstance(value, memoryview))


def _too_large(path: Path, limit: int) -> UnsupportedFormat:
    return UnsupportedFormat(
        _("{file} is larger than {limit} GB.").format(file=path.name, limit=limit >> 30),
        hint=_("Look for a smaller form of the model."),
    )


def _locations(model: memoryview) -> Iterator[str]:
    has_graph = False
    for kind, said in _messages(model):
        has_graph = has_graph or kind == "graph"
        if kind == "place" and _text(said, KEY) == "location":
            yield _text(said, VALUE)
    if not has_graph:
        raise ValueError(_("it is no ONNX file"))


def _messages(model: memoryview) -> Iterator[tuple[str, Mapping[int, int | memoryview]]]:
    """All on the ways to tensors, by kind; of fields that are repeated the last one."""
    left = [("model", model)]  # not by recursion: a graph may be nested as deeply as its maker likes
    count = 0
    while left:
        kind, message = left.pop()
        said: dict[int, int | memoryview] = {}
        for number, value in fields(message):
            count += 1
            if count > MOST_FIELDS:
                raise ValueError(_("it has too many parts"))
            said[number] = value
            if number in INSIDE[kind] and not isinstance(value, int):
                left.append((INSIDE[kind][number], value))
        yield kind, said


def _text(said: Mapping[int, int | memoryview], number: int) -> str:
    value = said.get(number, 0)
    return "" if isinstance(value, int) else bytes(value).decode()
