"""What is known of a running model: its instances, its calls, and the expressions that made both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mutagen.records.rules import Value
    from mutagen.records.span import Span
    from mutagen.records.target import Call, Device, InputSpec


Method = Literal["fx", "fx+leaves", "recorded"]
NodeKind = Literal["input", "module", "function", "method", "attribute", "output"]


@dataclass(frozen=True, slots=True)
class CallSite:
    """One level of a construct or call chain, innermost first in the chain.

    ``names`` holds the int, float, bool, str and tuple locals of the frame as they stood at the call, and the same
    kinds of attributes of its ``self`` and of the class as ``self.x``. ``owner`` is the dotted path of ``self`` when
    it is a module of the model ("" is the model itself), else None. ``frame`` is equal for calls of one activation.
    ``callee`` maps to the class or function that the call expression names when it can be told ("torch.nn.Conv2d").
    """

    span: Span
    function: str
    frame: int
    owner: str | None = None
    names: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A module class that is defined outside of torch: qualified name within its module, file, first line."""

    name: str
    qualname: str
    module: str
    file: str
    line: int
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """One module object. ``type`` is fully qualified; ``bases`` are its MRO up to ``torch.nn.Module``, itself first.

    ``aliases`` are all dotted paths of the object, ``path`` the first of them. ``facts`` are its public attributes of
    simple kinds plus ``params``, ``calls`` and, where it was called, ``channels``, ``height``, ``width`` of its output.
    ``library`` says that its class is defined in torch. ``parameters`` are the names that its constructor takes, in
    order; ``arguments`` are the values of simple kinds that it was given, defaults included. ``hung`` are attributes
    and hooks that others put on it, ``tied`` the paths of other modules that hold one of its parameters. ``shape`` is
    that of its first output, where it was called and gave a tensor.
    """

    path: str
    aliases: tuple[str, ...]
    type: str
    bases: tuple[str, ...]
    facts: Mapping[str, Value]
    chain: tuple[CallSite, ...]
    library: bool
    definition: ClassInfo | None = None
    parameters: tuple[str, ...] = ()
    arguments: Mapping[str, Value] = field(default_factory=dict)
    hung: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        """The bare class name."""
        return self.type.rpartition(".")[2]

    @property
    def owner(self) -> str:
        """Path of the module that holds it."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class NodeKey:
    """Names the same call in every graph of one model, whatever mode or input shape it was traced with."""

    scope: str
    name: str
    span: Span | None
    nth: int


@dataclass(frozen=True, slots=True)
class Node:
    """One call of the traced graph.

    ``index`` is its position among the graph's nodes. ``name`` is the canonical operation ("add", "cat", "relu",
    "conv2d", "sigmoid", "mul", "mean", "adaptive_avg_pool2d", "getitem", "linear", "batch_norm", "dropout", ...): the
    same for module, function, method and in-place forms. ``path`` is the module path of a module call. ``inputs`` are
    the nodes of its tensor operands in the order written, a list operand flattened in place. ``constants`` are its
    other arguments by parameter name or position. ``scope`` is the path of the module whose method makes the call,
    ``forward`` that of the module whose forward is running, where it is another one (``self.encoder.sample(mu)``).
    ``shape`` is None for what is not a tensor. Nodes of one ``storage`` share memory.
    """

    index: int
    kind: NodeKind
    name: str
    key: NodeKey
    inputs: tuple[int, ...] = ()
    path: str | None = None
    constants: Mapping[str, Value] = field(default_factory=dict)
    scope: str = ""
    chain: tuple[CallSite, ...] = ()
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    storage: int | None = None
    in_place: bool = False
    forward: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The facts of one built model. ``files`` are the absolute paths of imported local source files, in order.

    ``hidden`` are the paths of modules that run inside autograd functions of the user's, where no call can be followed.
    ``device`` is where the model stands: on meta it has sizes and no values.
    """

    method: Method
    instances: tuple[Instance, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[InputSpec, ...]
    inferred_inputs: bool
    call: Call
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    macs: int = 0
    hidden: tuple[str, ...] = ()
    device: Device = "cpu"
