# The extension that CFFI makes from the public C header; only _handles.py uses it.
from typing import Any

ffi: Any
lib: Any
