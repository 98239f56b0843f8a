"""The Python package as a script writer meets it, on the twin, over real wires, and under Ctrl-C."""

import ast
import inspect
import os
import pathlib
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("CALRIG_BUILD_DIR", "build/release")
PACKAGE = BUILD / "python"
COMMAND = BUILD / "calrig"
sys.path.insert(0, str(PACKAGE))

if not list(PACKAGE.glob("calrig/_core*.so")):
    pytest.skip(f"the Python package is not built in {BUILD}", allow_module_level=True)

import calrig  # noqa: E402

LOAD = calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor="0.5 ind")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bench():
    return calrig.Bench.twin("countis-e48", positions=3, seed=7)


def notes(error):
    return "; ".join(getattr(error, "__notes__", []))


# -- by hand ----------------------------------------------------------------------------------------------------------


def test_the_snippet_of_the_manual():
    bench = calrig.Bench.twin("countis-e48", positions=3, seed=7)
    bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor="0.5 ind"))
    results = bench.measure(intervals=10)
    assert [result.position for result in results] == [position.name for position in bench.positions]
    for result in results:
        assert result.valid and result.reason == ""
        assert abs(result.error_percent) < 2
        assert 0 < result.expanded_uncertainty_percent < 0.2
        assert result.coverage_factor == pytest.approx(2, abs=0.5)
        assert result.intervals >= 10 and result.missed == result.extra == 0
        assert result.edges.dtype == numpy.int64
        assert result.edges.shape == (result.intervals + 1, 4)
    assert bench.registers(1).active_import_kwh > 0
    bench.off()
    assert not bench.energised


def test_the_error_follows_from_the_edges_by_its_definition(bench):
    bench.apply(LOAD)
    reference_impulses = []
    for result in bench.measure(intervals=20):
        ticks, count, before, after = result.edges.T
        assert (numpy.diff(ticks) > 0).all() and (before <= ticks).all() and (ticks < after).all()
        phase = (count - count[0]) + (ticks - before) / (after - before)
        duration_s = (ticks[-1] - ticks[0]) * bench.tick_s
        assert duration_s == pytest.approx(result.duration_s, rel=1e-12)
        # e = 100 ((N / C_dut) / (dPhi / C_ref) - 1): without e, an impulse takes C_ref / C_dut, the same everywhere.
        reference_impulses.append((1 + result.error_percent / 100) * (phase[-1] - phase[0]) / result.intervals)
    assert reference_impulses == pytest.approx([reference_impulses[0]] * 3, rel=1e-12)


def test_hidden_errors_are_recovered_within_the_uncertainty():
    inside = total = 0
    for seed in range(1, 13):
        with calrig.Bench.twin("countis-e48", positions=3, seed=seed) as bench:
            for load in (LOAD, calrig.LoadPoint.single_phase(phase="L2", voltage_v=230, current_a=5)):
                bench.apply(load)
                for result in bench.measure(intervals=20):
                    total += 1
                    inside += abs(result.error_percent - result.true_error_percent) <= result.expanded_uncertainty_percent
    assert total == 72
    assert inside >= 0.9 * total


def test_the_true_error_is_hidden_in_no_result(bench):
    bench.apply(LOAD)
    results = bench.measure(intervals=10)
    assert all(result.error_percent != result.true_error_percent for result in results)
    assert len({result.true_error_percent for result in results}) == 3


def test_a_longer_time_asked_for_is_kept(bench):
    bench.apply(LOAD)
    start_s = bench.time_s
    results = bench.measure(intervals=2, time_s=120)
    assert all(result.duration_s >= 120 for result in results)
    assert bench.time_s - start_s >= 120


def test_a_time_out_leaves_no_valid_result(bench):
    bench.apply(LOAD)
    for result in bench.measure(intervals=1000, timeout_s=60):
        assert not result.valid
        assert "of 1000 intervals in the time allowed" in result.reason
        assert 2 <= result.intervals < 1000 and numpy.isfinite(result.error_percent)


def test_a_dead_head_gives_no_number_and_says_why():
    bench = calrig.Bench.twin("countis-e48", positions=2, seed=7, faults=["dead-head:2@0"])
    bench.apply(LOAD)
    alive, dead = bench.measure(intervals=10)
    assert alive.valid
    assert not dead.valid and numpy.isnan(dead.error_percent) and numpy.isnan(dead.expanded_uncertainty_percent)
    assert "in the time allowed" in dead.reason
    assert dead.edges.shape == (0, 4)


def test_registers_by_name_and_by_index_advance_with_the_energy(bench):
    bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=5))
    before = bench.registers(0)
    bench.wait(3600)
    after = bench.registers(bench.positions[0].name)
    assert after.active_import_kwh - before.active_import_kwh == pytest.approx(3.45, rel=0.02)
    assert after.active_export_kwh == before.active_export_kwh
    assert after.time_s - before.time_s >= 3600
    with pytest.raises(calrig.DataError, match="none of that name"):
        bench.registers("17")
    with pytest.raises(calrig.DataError, match="index from 0 to 2"):
        bench.registers(3)
    assert bench.energised


def test_what_the_reference_sees_is_the_load(bench):
    bench.apply(LOAD)
    seen = bench.observe()
    assert seen.deviations == []
    numpy.testing.assert_allclose(seen.voltage_v, 230, rtol=0.01)
    numpy.testing.assert_allclose(seen.current_a, 1, rtol=0.01)
    numpy.testing.assert_allclose(seen.active_power_w, 115, rtol=0.02)


def test_the_same_seed_gives_the_same_edges():
    def edges():
        bench = calrig.Bench.twin("countis-e48", seed=11)
        bench.apply(LOAD)
        return [result.edges.tobytes() for result in bench.measure()]

    assert edges() == edges()


def test_arrays_outlive_bench_and_result(bench):
    bench.apply(LOAD)
    edges = bench.measure()[0].edges
    copy = edges.copy()
    del bench
    calrig.Bench.twin("countis-e28").apply(LOAD)
    assert (edges == copy).all()
    edges[0, 0] = -1  # its own memory, to be written to


# -- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: calrig.LoadPoint.balanced(voltage_v=float("nan"), current_a=1), "voltage_v"),
        (lambda: calrig.LoadPoint.balanced(voltage_v=230, current_a=-1), "current_a"),
        (lambda: calrig.LoadPoint.balanced(voltage_v=230, current_a=float("inf")), "current_a"),
        (lambda: calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor=0.5), "ind or cap"),
        (lambda: calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor="0.5 left"), "ind or cap"),
        (lambda: calrig.LoadPoint.single_phase(phase="L4", voltage_v=230, current_a=1), "L1, L2 or L3"),
        (lambda: calrig.Bench.twin("countis-e99"), "countis-e99"),
        (lambda: calrig.Bench.twin("countis-e48", positions=81), "1 to 80"),
        (lambda: calrig.Bench.twin("countis-e48", faults=["nonsense@1"]), "nonsense"),
        (lambda: calrig.Bench.from_file("missing.toml", meter="countis-e48"), "missing.toml"),
    ],
)
def test_wrong_values_are_data_errors(make, words):
    with pytest.raises(calrig.DataError, match=words) as caught:
        make()
    assert isinstance(caught.value, (ValueError, calrig.Error))


@pytest.mark.parametrize("current_a", [1e4, 1e-7])
def test_a_load_beyond_a_limit_is_refused_before_anything_is_energised(bench, current_a):
    before_s = bench.time_s
    with pytest.raises(calrig.DataError, match="limit"):
        bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=current_a))
    assert not bench.energised
    assert bench.time_s == before_s


def test_measuring_without_power_is_refused(bench):
    with pytest.raises(calrig.DataError, match="apply one first"):
        bench.measure()
    bench.apply(calrig.LoadPoint.voltage_only(voltage_v=230))
    with pytest.raises(calrig.DataError, match="active power") as caught:
        bench.measure()
    assert not bench.energised
    assert notes(caught.value) == "the bench is off"


@pytest.mark.parametrize("options", [{"intervals": 1}, {"time_s": -1}, {"time_s": float("nan")}, {"timeout_s": 0}])
def test_measuring_with_nonsense_is_refused(bench, options):
    bench.apply(LOAD)
    with pytest.raises(calrig.DataError, match="measure: expected"):
        bench.measure(**options)
    assert not bench.energised


def test_a_source_that_trips_while_measuring_leaves_the_bench_off():
    bench = calrig.Bench.twin("countis-e48", seed=7, faults=["source-trip@60"])
    bench.apply(LOAD)
    with pytest.raises((calrig.DeviceFault, calrig.ConditionsError)) as caught:
        bench.measure(intervals=10, time_s=600)
    assert not bench.energised
    assert notes(caught.value) == "the bench is off"
    if isinstance(caught.value, calrig.DeviceFault):
        assert caught.value.device and caught.value.problem
    else:
        assert caught.value.deviations


def test_with_switches_off_at_its_end_and_after_an_exception():
    with calrig.Bench.twin("countis-e48", seed=7) as bench:
        bench.apply(LOAD)
        assert bench.energised
    assert not bench.energised
    with pytest.raises(ZeroDivisionError):
        with bench:
            bench.apply(LOAD)
            bench.apply(LOAD) or 1 / 0
    assert not bench.energised
    bench.off()
    bench.off()


def test_a_bench_nobody_holds_any_more_is_switched_off(tmp_path):
    bench = calrig.Bench.twin("countis-e48", seed=7, transcript=tmp_path / "wire.txt")
    bench.apply(LOAD)
    before = (tmp_path / "wire.txt").stat().st_size
    del bench
    assert (tmp_path / "wire.txt").stat().st_size > before


# -- programmes -------------------------------------------------------------------------------------------------------


def test_a_run_says_verdicts_errors_and_edges():
    bench = calrig.Bench.twin("countis-e28", positions=3, seed=7)
    run = calrig.run("eol-quick", bench)
    assert run.verdict == "pass" and run.passed and not run.aborted
    assert run.simulated and not bench.energised
    assert [meter.position for meter in run.meters] == [position.name for position in bench.positions]
    for point in run.points:
        lower, upper = point.limits_percent
        assert point.kind == "accuracy" and point.verdict == "pass" and len(point.results) == 3
        for result in point.results:
            assert lower <= result.error_percent <= upper
            assert abs(result.error_percent - result.true_error_percent) < 3 * result.expanded_uncertainty_percent
            assert result.edges.shape == (result.intervals + 1, 4)
    assert "eol-quick" in repr(run) and "pass" in str(run).lower()


def test_results_keep_their_run_alive(bench):
    result = calrig.run("imax-short", bench).points[0].results[0]
    assert result.verdict == "pass" and len(result.edges) == result.intervals + 1


def test_saved_evidence_is_the_command_lines_to_the_byte(tmp_path):
    run = calrig.run("en50470-3-verification", calrig.Bench.twin("countis-e48", positions=3, seed=7))
    run.save(tmp_path / "python.h5")
    run.report(tmp_path / "python.html")
    command = [COMMAND, "run", "en50470-3-verification", "--meter", "countis-e48", "--positions", "3", "--seed", "7"]
    subprocess.run([*command, "--quiet", "-o", "command.h5", "--html", "command.html"], check=False, timeout=60)
    assert (tmp_path / "python.h5").read_bytes() == (tmp_path / "command.h5").read_bytes()
    assert (tmp_path / "python.html").read_bytes() == (tmp_path / "command.html").read_bytes()


def test_the_journal_lies_there_until_the_evidence_stands(bench, tmp_path):
    run = calrig.run("imax-short", bench)
    journal = run.journal
    assert journal == tmp_path / "imax-short-countis-e48.journal" and journal.exists()
    with pytest.raises(calrig.DataError, match="nowhere"):
        run.save(tmp_path / "nowhere" / "run.h5")
    assert journal.exists()
    run.save("run.h5")
    assert run.journal is None and not journal.exists()
    again = calrig.Run.load("run.h5")
    assert again.run_id == run.run_id and again.verdict == run.verdict
    assert (again.points[0].results[0].edges == run.points[0].results[0].edges).all()


def test_a_journal_that_lies_there_is_left_alone(bench, tmp_path):
    (tmp_path / "imax-short-countis-e48.journal").write_bytes(b"somebody's evidence")
    run = calrig.run("imax-short", bench)
    assert run.journal.name == "imax-short-countis-e48-2.journal"
    with pytest.raises(calrig.EvidenceError):
        calrig.run("imax-short", bench, journal=tmp_path / "imax-short-countis-e48.journal")
    assert (tmp_path / "imax-short-countis-e48.journal").read_bytes() == b"somebody's evidence"


def test_a_journal_asked_for_by_name_stays_and_can_be_recovered(bench, tmp_path):
    run = calrig.run("imax-short", bench, journal="kept.journal")
    run_id = run.run_id
    del run
    recovered = calrig.Run.recover("kept.journal")
    assert recovered.run_id == run_id and recovered.passed
    recovered.save("run.h5")
    assert not (tmp_path / "kept.journal").exists()


def test_an_unsaved_simulated_run_leaves_no_litter(bench, tmp_path):
    calrig.run("imax-short", bench)
    assert list(tmp_path.iterdir()) == []


def test_points_limits_and_rule_are_passed_on(bench):
    run = calrig.run("eol-quick", bench, points=["Imax PF 1"], rule="guard", operator="Q. A.")
    assert [point.name for point in run.points] == ["Imax PF 1"]
    for wrong in ({"points": ["Imax PF 2"]}, {"rule": "generous"}, {"limits": "no-such-edition"}):
        with pytest.raises(calrig.DataError):
            calrig.run("eol-quick", bench, **wrong)
    with pytest.raises(calrig.DataError, match="no-such-programme"):
        calrig.run("no-such-programme", bench)


def test_a_fault_ends_a_run_with_what_was_recorded():
    bench = calrig.Bench.twin("countis-e48", seed=7, faults=["source-trip@60"])
    run = calrig.run("eol-quick", bench)
    assert run.aborted and run.abort_reason and not run.passed and run.verdict == "invalid"
    assert not bench.energised
    run.save("aborted.h5")
    with pytest.raises(calrig.DeviceFault, match="assembled anew"):
        bench.apply(LOAD)


def test_altered_evidence_is_refused(bench, tmp_path):
    calrig.run("imax-short", bench).save("run.h5")
    content = bytearray((tmp_path / "run.h5").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "run.h5").write_bytes(content)
    with pytest.raises(calrig.EvidenceError, match="run.h5"):
        calrig.Run.load("run.h5")


# -- threads and signals ----------------------------------------------------------------------------------------------


def test_other_threads_run_while_the_bench_works(bench):
    counted = []
    done = threading.Event()

    def count():
        while not done.is_set():
            counted.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    bench.apply(LOAD)
    begin = time.perf_counter()
    bench.wait(20 * 3600)
    end = time.perf_counter()
    done.set()
    thread.join()
    during = [moment for moment in counted if begin < moment < end]
    assert end - begin > 0.02, "too quick to tell"
    assert len(during) > 0.1 * (end - begin) / 0.001
    assert max(numpy.diff([begin, *during, end])) < 0.5 * (end - begin)


def test_one_thread_at_a_time_and_stop_from_another():
    bench = calrig.Bench.twin("countis-e48", seed=7)
    bench.apply(LOAD)
    begun = threading.Event()
    raised = []

    def work():
        begun.set()
        try:
            bench.wait(1e9)
        except calrig.Error as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    time.sleep(0.1)
    with pytest.raises(RuntimeError, match="at work"):
        bench.apply(LOAD)
    bench.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert isinstance(raised[0], calrig.Stopped) and notes(raised[0]) == "the bench is off"
    assert not bench.energised
    bench.apply(LOAD)  # what comes after the stop goes on
    bench.off()


def child(body, cwd):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(body)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted(process, kind=signal.SIGINT, after_s=0.4):
    """Sends the signal a while after the child says it is ready; returns its two outputs."""
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    time.sleep(after_s)
    process.send_signal(kind)
    return process.communicate(timeout=30)


def test_ctrl_c_ends_runs_in_virtual_time_and_the_bench_can_go_on(tmp_path):
    body = """
        import calrig
        bench = calrig.Bench.twin("countis-e48", positions=40, seed=7)
        print("ready", flush=True)
        try:
            while True:
                calrig.run("en50470-3-verification", bench)
        except KeyboardInterrupt:
            print(bench.energised)
        bench.apply(calrig.LoadPoint.voltage_only(voltage_v=230))
        print(bench.energised)
    """
    out, err = interrupted(child(body, tmp_path))
    assert err == ""
    assert out == "False\nTrue\n"


@pytest.fixture
def real_clock_bench(tmp_path):
    """A bench file of simulated devices in real time."""
    text = '[bench]\nname = "slow"\nclock = "real"\n'
    text += '[source]\ndriver = "zera-mt"\nlink = "twin"\n[reference]\ndriver = "zera-zscpi"\nlink = "twin"\n'
    text += 'certificate = { number = "R-1", expanded_uncertainty_percent = 0.02 }\n'
    text += '[capture]\ndriver = "ctag"\nlink = "twin"\nreference_channel = 0\n'
    text += '[[position]]\nname = "1"\nled_channel = 1\nport = "twin"\n'
    (tmp_path / "bench.toml").write_text(text)
    return tmp_path


CTRL_C = """
    import calrig
    bench = calrig.Bench.from_file("bench.toml", meter="countis-e48", seed=7)
    assert not bench.virtual_time
    print("ready", flush=True)
    try:
        {work}
    except KeyboardInterrupt as stop:
        print(bench.energised, *stop.__notes__)
"""


def test_ctrl_c_ends_a_measurement_at_its_next_look_with_the_bench_off(real_clock_bench):
    load = "calrig.LoadPoint.balanced(voltage_v=230, current_a=5)"
    work = f"bench.apply({load}); bench.measure(intervals=1000)"
    out, err = interrupted(child(CTRL_C.format(work=work), real_clock_bench), after_s=12)
    assert err == ""
    assert out == "False the bench is off\n"


def test_ctrl_c_ends_a_run_with_the_bench_off_and_its_record_kept(real_clock_bench):
    process = child(CTRL_C.format(work="calrig.run('imax-short', bench)"), real_clock_bench)
    out, err = interrupted(process, after_s=4)
    assert err == ""
    (journal,) = real_clock_bench.glob("*.journal")
    assert out == f"False the bench is off; what was recorded lies in {journal}; calrig.Run.recover() reads it\n"
    recovered = calrig.Run.recover(journal)
    assert recovered.aborted and "operator" in recovered.abort_reason and recovered.verdict != "pass"


def test_what_a_signal_handler_raises_arrives(real_clock_bench):
    body = """
        import calrig, signal
        class Enough(Exception): pass
        def handler(number, frame): raise Enough()
        signal.signal(signal.SIGUSR1, handler)
        bench = calrig.Bench.from_file("bench.toml", meter="countis-e48", seed=7)
        bench.apply(calrig.LoadPoint.voltage_only(voltage_v=230))
        print("ready", flush=True)
        try:
            bench.wait(600)
        except Enough as enough:
            print(bench.energised, enough.__notes__)
    """
    out, err = interrupted(child(body, real_clock_bench), signal.SIGUSR1)
    assert err == ""
    assert out == "False ['the bench is off']\n"


def test_a_bench_left_on_is_off_when_python_ends(tmp_path):
    body = """
        import calrig, threading
        bench = calrig.Bench.twin("countis-e48", seed=7, transcript="wire.txt")
        bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=1))
        keep = [bench]
        keep.append(keep)
        threading.Thread(target=lambda: None).start()
        print(len(open("wire.txt").read()), flush=True)
    """
    process = child(body, tmp_path)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err == ""
    assert len((tmp_path / "wire.txt").read_text()) > int(out)


def test_over_real_wires_after_a_pause_between_calls(tmp_path):
    with subprocess.Popen(
        [COMMAND, "emulate", "--meter", "countis-e48", "--positions", "2", "--seed", "7"], stdout=subprocess.PIPE, text=True
    ) as emulation:
        try:
            lines = []
            while not (lines and lines[-1].startswith("# ready")):
                lines.append(emulation.stdout.readline())
                assert lines[-1], "the emulation ended"
            (tmp_path / "wires.toml").write_text("".join(lines))
            with calrig.Bench.from_file(tmp_path / "wires.toml", meter="countis-e48") as bench:
                assert not bench.virtual_time and bench.simulated
                bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=5))
                assert all(result.valid for result in bench.measure(intervals=3))
                time.sleep(3)  # nobody listens to the capture meanwhile
                for result in bench.measure(intervals=3):
                    assert result.valid and abs(result.error_percent) < 2
                    assert result.true_error_percent is None
                assert bench.registers(0).active_import_kwh > 0
            assert not bench.energised
        finally:
            emulation.terminate()


# -- types, docstrings, example ---------------------------------------------------------------------------------------


def stub_names():
    """Public names of the stub: of the module, and of every class in it."""
    tree = ast.parse((PACKAGE / "calrig" / "_core.pyi").read_text())
    names = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names[node.name] = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names[node.name] = node
    return names


def public(names):
    return {name for name in names if not name.startswith("_")}


def test_stubs_name_what_there_is_and_nothing_else():
    stubs = stub_names()
    assert (PACKAGE / "calrig" / "py.typed").exists()
    assert public(stubs) == public(vars(calrig._core))
    for name, members in stubs.items():
        if isinstance(members, dict):
            assert public(members) == public(vars(getattr(calrig, name))), name
    errors = {name for name, value in vars(calrig).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert public(stubs) | errors == set(calrig.__all__)


def test_stubs_have_the_arguments_there_are():
    for name, members in stub_names().items():
        functions = members.items() if isinstance(members, dict) else [(name, members)]
        owner = getattr(calrig, name) if isinstance(members, dict) else calrig
        for function, node in functions:
            if function.startswith("_") or any(getattr(d, "id", "") == "property" for d in node.decorator_list):
                continue
            wanted = [a.arg for a in node.args.args + node.args.kwonlyargs if a.arg != "self"]
            signature = getattr(owner, function).__doc__.splitlines()[0]
            found = re.findall(r"(?:[(,] )?(\w+): ", signature)
            assert [argument for argument in found if argument != "self"] == wanted, (name, function, signature)


def test_everything_public_is_documented():
    for name in calrig.__all__:
        item = getattr(calrig, name)
        assert item.__doc__, name
        for member, value in vars(item).items() if inspect.isclass(item) else ():
            if not member.startswith("_") and not isinstance(value, (str, list)):
                documented = getattr(item, member).__doc__
                assert documented and len(documented.splitlines()[-1].strip()) > 1, f"{name}.{member}"


def test_the_example_runs(tmp_path):
    script = ROOT / "scripts" / "examples" / "verify_one_point.py"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(
        [sys.executable, script, tmp_path], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("truly") == 3
    assert (tmp_path / "verification.h5").exists() and (tmp_path / "verification.html").exists()
