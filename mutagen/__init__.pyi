from mutagen.errors import ClashError as ClashError
from mutagen.errors import DriftError as DriftError
from mutagen.errors import ErrorGroup as ErrorGroup
from mutagen.errors import InternalError as InternalError
from mutagen.errors import MutagenError as MutagenError
from mutagen.errors import ProofError as ProofError
from mutagen.errors import RuleError as RuleError
from mutagen.errors import TargetError as TargetError
from mutagen.errors import UserError as UserError
from mutagen.library.calls import apply as apply
from mutagen.library.calls import plan as plan
from mutagen.library.result import Planned as Planned
from mutagen.library.result import Result as Result
from mutagen.sandbox.runner import Host as Host

__all__ = [
    "ClashError",
    "DriftError",
    "ErrorGroup",
    "Host",
    "InternalError",
    "MutagenError",
    "Planned",
    "ProofError",
    "Result",
    "RuleError",
    "TargetError",
    "UserError",
    "__distribution__",
    "__version__",
    "apply",
    "plan",
]

__distribution__: str
__version__: str
