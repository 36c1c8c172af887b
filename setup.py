"""Builds the extension ministore._core; everything else about the package is in pyproject.toml."""

import sysconfig

from setuptools import setup

# Free-threaded CPython has no stable ABI yet, so there the wheel is for one version.
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

setup(
    cffi_modules=["python/build_ffi.py:ffi"],
    options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp310"}},
)
