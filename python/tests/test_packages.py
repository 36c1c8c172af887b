"""Wheel and sdist: built from a copy of the checkout, installed in fresh environments, and used there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

USE = """
import sys, ministore
with ministore.open(sys.argv[1]) as journal:
    journal.append({"n": 2**63})
assert list(ministore.replay(sys.argv[1])) == [{"n": 2**63}]
"""


def run(*command: str | Path, **options: object) -> str:
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, **options)  # type: ignore[call-overload]
    assert result.returncode == 0, f"{command}:\n{result.stdout}{result.stderr}"
    return str(result.stdout)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package needs of the checkout, so that building leaves nothing in it."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "core", "cli", "python", "docs", "go", "lua"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.o", "*.so", "__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    for licence in ROOT.glob("LICENSE*"):
        shutil.copy(licence, copy)
    return copy


@pytest.fixture(scope="module")
def archives(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist; the wheel is built from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, source)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def use_in_fresh_environment(what: Path, folder: Path) -> None:
    python = install(what, folder / "venv", sys.executable)
    run(python, "-W", "error", "-c", USE, folder / "journal", cwd=folder)
    assert run(python.with_name("ministore"), "cat", folder / "journal") == '{"n":9223372036854775808}\n'


def install(what: Path, environment: Path, base: str, **options: object) -> Path:
    """Install into a fresh environment, by the pip of the one that runs the tests; the Python in it."""
    run(base, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", what, **options)
    return python


def test_the_wheel(archives: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, _ = archives
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert "-cp310-abi3-" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert {"ministore/py.typed", "ministore/aio.py"} <= set(names)
    assert not [name for name in names if "tests" in name or "build_ffi" in name or "helpers" in name]
    use_in_fresh_environment(wheel, tmp_path)


def test_the_sdist(archives: tuple[Path, Path], tmp_path: Path) -> None:
    _, sdist = archives
    names = {name.partition("/")[2] for name in tarfile.open(sdist).getnames()}
    files = [*ROOT.glob("core/*.c"), *ROOT.glob("cli/*.c"), *ROOT.glob("python/*.[ch]")]
    sources = {str(file.relative_to(ROOT)) for file in files}
    assert sources | {"core/include/ministore.h", "python/build_ffi.py", "docs/python.md"} <= names
    assert not [name for name in names if name.startswith(("go/", "lua/", "core/cjson"))]
    use_in_fresh_environment(sdist, tmp_path)


def test_the_checkout(source: Path, tmp_path: Path) -> None:
    use_in_fresh_environment(source, tmp_path)


def test_only_the_module_is_exported(archives: tuple[Path, Path], tmp_path: Path) -> None:
    """Two copies of the core in one process must not mix."""
    nm = shutil.which("nm")
    assert nm, "nm is missing: install binutils"
    with zipfile.ZipFile(archives[0]) as wheel:
        [extension] = [name for name in wheel.namelist() if name.endswith(".so")]
        wheel.extract(extension, tmp_path)
    symbols = [line.split()[-1] for line in run(nm, "-D", "--defined-only", tmp_path / extension).splitlines()]
    assert symbols == ["PyInit__core"]


def test_the_library_of_the_system_can_be_used_instead(source: Path, tmp_path: Path) -> None:
    # A copy, as the builds before have left their extension in the first.
    source = shutil.copytree(source, tmp_path / "source", ignore=shutil.ignore_patterns("build"))
    compiler = shutil.which("cc")
    assert compiler, "cc is missing: install gcc"
    library = tmp_path / "libministore.so"
    core = [compiler, "-std=c11", "-shared", "-fPIC", "-pthread", "-I", source / "core" / "include"]
    run(*core, *source.glob("core/*.c"), "-o", library)
    choice = {"MINISTORE_SYSTEM": "1", "LDFLAGS": f"-L{tmp_path}", "LD_LIBRARY_PATH": str(tmp_path)}
    environment = {**os.environ, **choice}
    python = install(source, tmp_path / "venv", sys.executable, env=environment)
    run(python, "-c", USE, tmp_path / "journal", env=environment)
    library.unlink()
    without = subprocess.run([python, "-c", "import ministore"], env=environment, capture_output=True, text=True)
    assert without.returncode != 0 and "libministore.so" in without.stderr


def test_the_version_is_that_of_the_library() -> None:
    import ministore

    assert f'version = "{ministore.__version__}"' in (ROOT / "pyproject.toml").read_text()


def other_pythons() -> list[str]:
    """The CPythons from 3.10 on that this machine has besides the one that runs the tests."""
    minors = [minor for minor in range(10, 30) if minor != sys.version_info.minor]
    found = [shutil.which(f"python3.{minor}") for minor in minors]
    # pyenv has stubs in the PATH, which do not run; the interpreters are in folders of their own.
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(name) for minor in minors for name in versions.glob(f"3.{minor}.*/bin/python3.{minor}")]
    return [name for name in found if name and subprocess.run([name, "-V"], capture_output=True).returncode == 0]


def test_one_wheel_serves_other_pythons(archives: tuple[Path, Path], tmp_path: Path) -> None:
    pythons = other_pythons()
    print(f"the wheel is also tried on: {', '.join(pythons) or 'no other Python is here'}")
    for python in pythons:
        folder = tmp_path / python.replace("/", "_")
        run(install(archives[0], folder / "venv", python), "-c", USE, folder / "journal", cwd=folder)
