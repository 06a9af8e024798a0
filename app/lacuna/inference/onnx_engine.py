"""A model on ONNX Runtime: on the CPU, without torch, with threads that leave the window smooth.

Graphs hold no weights. They are handed over from the file of weights, which several graphs of one network share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Event, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import NOTICE, Cancelled, Progress
from lacuna.errors import BackendFailed
from lacuna.i18n import _
from lacuna.inference import deepfill_graphs
from lacuna.inference.onnx_file import handed_over
from lacuna.inference.stored import damaged, read_int8, read_weights

Array = NDArray[Any]

REPEATED = {"attend"}  # these keep their memory for the next run; the others give it back
PAINTED = {"edges": ("completed", "edges"), "image": ("painted", "image"), "fill": ("painted", "image")}


class Graphs:
    """The graphs of a model, by name, each with its weights in it; with `int8` those in 8 bits, of parts that have one.

    Raises DamagedModel for files that do not fit each other.
    """

    def __init__(self, model: Model, config: ModelConfig, threads: int, *, int8: bool = False) -> None:
        import onnxruntime

        tensors, files = read_weights(model), dict(config.graphs)
        self.held = sum(4 * values.size for values in tensors.values())
        self.precision = "int8" if int8 else "float32"
        if int8:
            assert config.int8 is not None  # `session.in_int8` has looked
            bytes_and_scales = read_int8(model)
            self.held += sum(values.nbytes for values in bytes_and_scales.values())
            tensors |= bytes_and_scales
            files |= config.int8.graphs
        values = {key: onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for key, tensor in tensors.items()}
        self._sessions: dict[str, Any] = {}
        for name, file in files.items():
            options = session_options(threads, blocked=config.network is not Network.EDGE_CONNECT)
            try:
                graph = (model.folder / file).read_bytes()
                own = {key: values[key] for key in sorted(handed_over(graph))}
                options.add_external_initializers(list(own), list(own.values()))
                self._sessions[name] = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
            except MemoryError:
                raise
            except Exception as error:  # ONNX Runtime has no class of its own for it
                raise damaged(model, _("{file} does not fit its weights").format(file=file), error) from error

    def call(
        self, name: str, inputs: Mapping[str, Array], progress: Progress, outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """One run of a graph, ended at the layer that a cancel meets; what it gives, or only these `outputs`."""
        return passed(self._sessions[name], inputs, progress, outputs, repeated=name in REPEATED)

    def call_shortly(self, name: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """One run of a graph that takes milliseconds, which nobody watches. It keeps its memory for the next."""
        session = self._sessions[name]
        names = [output.name for output in session.get_outputs()]
        try:
            return dict(zip(names, session.run(names, dict(inputs)), strict=True))
        except Exception as error:
            raise _told(error) from error


def passed(
    session: Any,
    inputs: Mapping[str, Array],
    progress: Progress,
    outputs: Sequence[str] | None = None,
    *,
    repeated: bool = False,
) -> dict[str, Array]:
    """One run of a loaded graph, ended at the layer that a cancel meets; what it gives, or only these `outputs`.

    Between runs that are `repeated` it keeps its memory. Raises Cancelled, MemoryError and BackendFailed.
    """
    import onnxruntime

    names = [output.name for output in session.get_outputs()] if outputs is None else list(outputs)
    run = onnxruntime.RunOptions()
    run.only_execute_path_to_fetches = outputs is not None
    if not repeated:
        run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    progress.check()
    with _ended_by(progress, run):
        try:
            return dict(zip(names, session.run(names, dict(inputs), run), strict=True))
        except Exception as error:
            raise (Cancelled() if progress.cancelled else _told(error)) from error


class OnnxRunner:
    """The parts of a network, each one graph or several."""

    engine = "onnxruntime"

    def __init__(self, config: ModelConfig, graphs: Graphs) -> None:
        self._graphs = graphs
        self._config = config
        self.held = graphs.held
        self.precision = graphs.precision

    def run(self, part: str, inputs: Mapping[str, Array], progress: Progress, *, everywhere: bool) -> dict[str, Array]:
        if self._config.network in (Network.DEEPFILL_V1, Network.DEEPFILL_V2):
            return deepfill_graphs.fill(
                self._graphs.call, self._config.conventions, inputs, progress, everywhere=everywhere
            )
        given, wanted = dict(inputs), PAINTED[part]
        if self._config.network is Network.PEN_NET:
            given["everywhere"] = np.full((1, 1, 1, 1), everywhere, np.float32)
        found = self._graphs.call(part, given, progress, None if everywhere else wanted[:1])
        progress.at(1.0)
        return {wanted[1] if name == wanted[0] else name: values for name, values in found.items()}


@cache
def _share_memory() -> None:
    """One pool for all graphs, which takes what it is asked for.

    ONNX Runtime's own takes twice as much each time and has one for each graph: 570 MB where this one has 340, for
    DeepFill at 512 x 512. Without any pool a run takes a third longer, since each map is asked of the system anew.
    """
    import onnxruntime

    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    as_requested = {
        "max_mem": 0,
        "arena_extend_strategy": 1,
        "initial_chunk_size_bytes": -1,
        "max_dead_bytes_per_chunk": -1,
    }
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(as_requested))


def session_options(threads: int, *, blocked: bool = True) -> Any:
    """How a graph is loaded: it shares its memory with the others, and its threads wait without spinning.

    With `blocked` maps are laid out in blocks of channels where that is faster.

    EdgeConnect's, 64 channels at full size, are copied to and fro for it: 1.9 maps more for 11 % of the time, and at
    1024 x 1024 more than 3 GB in all.
    """
    import onnxruntime

    _share_memory()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Maps planned beforehand lie in a block of their own for each size: more memory, asked of the system at each run.
    options.enable_mem_pattern = False
    if not blocked:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Threads that wait spinning would take the window's core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


@contextmanager
def _ended_by(progress: Progress, run: Any) -> Iterator[None]:
    """While a run lasts somebody looks whether it was cancelled: the run itself asks nobody."""
    over = Event()

    def watch() -> None:
        while not over.wait(NOTICE):
            if progress.cancelled:
                run.terminate = True
                return

    watcher = Thread(target=watch, name="lacuna-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _told(error: Exception) -> BaseException:
    reason = " ".join(str(error).split())
    if any(words in reason for words in ("bad allocation", "bad_alloc", "Failed to allocate memory")):
        return MemoryError(reason)
    return BackendFailed(_("ONNX Runtime could not run the model: {reason}").format(reason=reason[:300]))
