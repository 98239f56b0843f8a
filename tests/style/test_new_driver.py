"""scripts/new_driver writes a driver that compiles without warnings, passes its own tests, and is laid out like the rest."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("CALRIG_BUILD_DIR", "build/release")
LIBRARIES = ["instruments/libinstruments.a", "calibration/libcalibration.a"]
MAIN = "tests/CMakeFiles/catch_main.dir/catch_main.cpp.o"
FLAGS = ["-std=c++23", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-missing-designated-field-initializers", "-Werror"]
ASIO = ["-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED"]


def new_driver(*arguments):
    command = [ROOT / "scripts/new_driver", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path):
    """A checkout with nothing but the two files that a new driver is entered in."""
    for name in ("instruments/CMakeLists.txt", "tests/CMakeLists.txt", ".clang-format"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("capability", ["source", "reference"])
def test_the_skeleton_builds_and_passes(tree, capability):
    done = new_driver("acme_s3", capability, "--into", tree)
    assert done.returncode == 0, done.stderr
    sources = sorted(tree.glob("instruments/acme_s3/*.cpp")) + sorted(tree.glob("tests/instruments/acme_s3/*.cpp"))
    assert len(sources) == 4
    together = tree / "together.cpp"  # one compilation instead of four
    together.write_text("".join(f'#include "{source}"\n' for source in sources))
    libraries = [BUILD / name for name in [MAIN, *LIBRARIES]]
    assert all(library.exists() for library in libraries), f"build everything in {BUILD} first"
    command = ["clang++-19", *FLAGS, *ASIO, f"-I{tree}", f"-I{ROOT}", together, *libraries]
    built = subprocess.run([*command, "-lfmt", "-lserialport", "-o", tree / "tests_of_it"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    passed = subprocess.run([tree / "tests_of_it"], capture_output=True, text=True)
    assert passed.returncode == 0, passed.stdout


def test_the_skeleton_is_entered_and_laid_out(tree):
    assert new_driver("acme_s3", "source", "--into", tree).returncode == 0
    assert "add_subdirectory(acme_s3)" in (tree / "instruments/CMakeLists.txt").read_text()
    entered = "calrig_folder_tests(test_acme_s3 instruments/acme_s3 instruments)"
    assert entered in (tree / "tests/CMakeLists.txt").read_text()
    written = [path for path in tree.rglob("*acme_s3/*") if path.suffix in (".cpp", ".hpp")]
    subprocess.run(["clang-format-19", "--dry-run", "-Werror", *written], check=True)
    assert "@" not in "".join(path.read_text() for path in written)


def test_what_exists_is_not_overwritten(tree):
    assert new_driver("acme_s3", "source", "--into", tree).returncode == 0
    again = new_driver("acme_s3", "source", "--into", tree)
    assert again.returncode == 2 and "exists" in again.stderr


@pytest.mark.parametrize("name", ["acme", "Acme_S3", "acme-s3", "../acme_s3", ""])
def test_a_name_that_is_no_folder_is_refused(tree, name):
    refused = new_driver(name, "source", "--into", tree)
    assert refused.returncode == 2 and "MAKER_MODEL" in refused.stderr
