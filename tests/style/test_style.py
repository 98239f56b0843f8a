"""How calrig's sources read, as far as a program can tell: layout, floors, clocks, randomness, sizes, leftovers."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOORS = ["calibration", "instruments", "dut", "rig", "sequences", "reports", "scripts"]  # each sees only those before it
FOLDERS = [*FLOORS, "tests"]
LONGEST_FILE = 400
LONGEST_TEST = 650  # a test file may tell the whole story of one device

# Where the clock of the machine itself may be read: the real loop, its tests, and what measures speed.
CLOCK_FOLDERS = ("instruments/io/", "tests/instruments/io/", "tests/benchmarks/")
REAL_CLOCKS = re.compile(
    r"\b(?:steady_clock|system_clock|high_resolution_clock|utc_clock|file_clock|steady_timer|system_timer|deadline_timer"
    r"|clock_gettime|gettimeofday|timespec_get|nanosleep|usleep|this_thread::sleep_\w+)\b"
    r"|\b(?:std::)?time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)"
)
RANDOMNESS = re.compile(
    r"\b(?:random_device|mt19937\w*|minstd_rand\w*|default_random_engine|random_shuffle|srand|drand48|getrandom"
    r"|(?:uniform|normal|poisson|exponential)_\w*distribution)\b|\brand\s*\("
)
HEAVY_HEADERS = re.compile(
    r"^\s*#\s*include\s*<(?:toml\+\+/|toml|hdf5|H5|modbus|libserialport|pybind11/|nlohmann/|CLI/|openssl/)", re.MULTILINE
)
STUBS = re.compile(r"\bstubs?\b", re.IGNORECASE)  # in C++; Python's type stubs are called so
LEFTOVERS = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|placeholders?)\b|\bfor now\b", re.IGNORECASE)
# A path of the machine on which a line was written; a script's own interpreter and the system's folders are fine.
SOMEBODYS_PATH = re.compile(r"(?<![\w.~/$}-])/(?:home|root|work|workspace|Users)/")


def files(*suffixes):
    """The files with these suffixes that git knows or would add, as paths from the root."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in sorted(set(listed)) if name.endswith(suffixes) and (ROOT / name).is_file()]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


CPP = files(".cpp", ".hpp")
HEADERS = [name for name in CPP if name.endswith(".hpp")]
PYTHON = files(".py")

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_of(name):
    """The text without comments and string literals; the line numbers stay as they are."""
    kept = re.compile(r"#\s*include\b[^\n]*|" + COMMENT_OR_TEXT.pattern, re.DOTALL)

    def blank(match):
        return match.group() if match.group().startswith("#") else "\n" * match.group().count("\n")

    return kept.sub(blank, text_of(name))


def findings(names, pattern, text=text_of):
    """["file:line: what was found"] of every match."""
    found = []
    for name in names:
        content = text(name)
        for match in pattern.finditer(content):
            found.append(f"{name}:{content.count(chr(10), 0, match.start()) + 1}: {match.group().strip()}")
    return found


def check_none(found):
    assert not found, "\n" + "\n".join(found)


def test_there_is_something_to_look_at():
    assert len(CPP) > 100 and {name.split("/")[0] for name in CPP} == set(FOLDERS)


def layout_findings(names):
    command = ["clang-format-19", "--dry-run", "-Werror", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    misplaced = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line})
    return [f"clang-format-19 -i {name}" for name in misplaced] or [done.stderr]


def test_the_layout_is_that_of_clang_format():
    count = os.cpu_count() or 1
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        shares = pool.map(layout_findings, [CPP[part::count] for part in range(count)])
    check_none(sorted(line for share in shares for line in share))


def test_only_the_io_folder_knows_the_real_time():
    names = [name for name in CPP if not name.startswith(CLOCK_FOLDERS)]
    check_none(findings(names, REAL_CLOCKS, code_of))


def test_randomness_comes_from_a_seed():
    check_none(findings(CPP, RANDOMNESS, code_of))


def test_a_folder_includes_only_from_the_floors_below():
    found = []
    for name in CPP:
        own = name.split("/")[0]
        for match in re.finditer(r'^\s*#\s*include\s*"(\w+)/[^"]*"', text_of(name), re.MULTILINE):
            included = match.group(1)
            allowed = FOLDERS[: FOLDERS.index(own) + 1]
            if included not in allowed:
                found.append(f"{name}: {match.group().strip()}: {own} may include from {', '.join(allowed)}")
    check_none(found)


def test_an_include_starts_at_the_root():
    found = []
    for name in CPP:
        for included in re.findall(r'^\s*#\s*include\s*"([^"]*)"', text_of(name), re.MULTILINE):
            if not (ROOT / included).is_file():
                found.append(f'{name}: "{included}" is not a file below the root')
    check_none(found)


def test_heavy_libraries_stay_in_sources():
    check_none(findings(HEADERS, HEAVY_HEADERS))


def test_headers_are_included_once():
    check_none([name for name in HEADERS if "\n#pragma once\n" not in text_of(name)])


def test_nothing_is_left_over():
    names = files(".cpp", ".hpp", ".py", ".md", ".toml", ".cmake", ".txt", ".json", ".css", ".in") + programs()
    names.remove("tests/style/test_style.py")
    check_none(findings(names, LEFTOVERS) + findings(CPP, STUBS))


def test_no_path_of_somebodys_machine():
    names = files(".cpp", ".hpp", ".py", ".md", ".toml", ".cmake", ".txt", ".json", ".css", ".in") + programs()
    check_none(findings(names, SOMEBODYS_PATH))


def programs():
    """Scripts without a suffix."""
    return [
        name
        for name in files("")
        if name.startswith(("scripts/", ".ci/")) and "." not in pathlib.Path(name).name
    ]


def test_a_file_opens_with_its_purpose():
    silent = [name for name in HEADERS if not text_of(name).startswith("//")]
    silent += [
        name
        for name in CPP
        if name.endswith(".cpp") and not text_of(name).startswith("//") and name[:-4] + ".hpp" not in HEADERS
    ]
    silent += [name for name in PYTHON if not text_of(name).startswith(('"""', "#"))]
    silent += [name for name in programs() if not re.match(r"#![^\n]*\n(?:#|\"\"\")", text_of(name))]
    check_none(silent)


def test_no_file_escapes():
    lengths = {name: text_of(name).count("\n") for name in CPP + PYTHON + programs()}
    longest = {name: LONGEST_TEST if name.startswith("tests/") else LONGEST_FILE for name in lengths}
    check_none([f"{name}: {lines} lines" for name, lines in lengths.items() if lines > longest[name]])


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_it_is_for(folder):
    assert (ROOT / folder / "README.md").is_file()


@pytest.mark.parametrize("name", programs())
def test_a_script_is_a_program(name):
    assert os.access(ROOT / name, os.X_OK), f"chmod +x {name}"
    if text_of(name).startswith("#!/bin/bash"):
        subprocess.run(["bash", "-n", name], cwd=ROOT, check=True)


# -- the checks themselves: each finds what it is there for, and lets pass what resembles it


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        (REAL_CLOCKS, "auto t = std::chrono::steady_clock::now();", True),
        (REAL_CLOCKS, "const auto t = time(nullptr);", True),
        (REAL_CLOCKS, "std::this_thread::sleep_for(1ms);", True),
        (REAL_CLOCKS, "co_await clock.sleep_for(1ms);", False),
        (REAL_CLOCKS, "settling_time(0.1)", False),
        (RANDOMNESS, "std::random_device source;", True),
        (RANDOMNESS, "int x = rand();", True),
        (RANDOMNESS, "expand();", False),
        (RANDOMNESS, "calibration::normal(seed, channel, index)", False),
        (HEAVY_HEADERS, "#include <toml++/toml.h>", True),
        (HEAVY_HEADERS, "#include <hdf5.h>", True),
        (HEAVY_HEADERS, "#include <boost/asio/io_context.hpp>", False),
        (LEFTOVERS, "// Todo: later", True),
        (LEFTOVERS, "// good enough for now", True),
        (STUBS, "stubborn", False),
        (SOMEBODYS_PATH, "see /" + "home/anna/calrig", True),
        (SOMEBODYS_PATH, "entry/work/x and /usr/bin/python3", False),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern, line, expected):
    assert bool(pattern.search(line)) == expected
