"""What calrig list says there is: meter types, the user's own among them, registers, faults."""

import json
import os
import re

import pytest

from command import METER_TYPES, calrig, passes, refused

BUILT_IN = ["countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48"]
OWN_ID = "workshop-w8"


def own_type(folder, text=None):
    """An eighth meter in a folder of the user's own: one TOML file, nothing else."""
    folder.mkdir(exist_ok=True)
    if text is None:
        text = (METER_TYPES / "countis-e48.toml").read_text()
        text = text.replace('"countis-e48"', f'"{OWN_ID}"').replace('"COUNTIS E48"', '"WORKSHOP W8"')
        text = text.replace("maximum_a = 6 ", "maximum_a = 5 ").replace("maximum_a = 6\n", "maximum_a = 5\n")
    (folder / f"{OWN_ID}.toml").write_text(text)
    return folder


def with_folder(folder):
    return {**os.environ, "CALRIG_METERS": str(folder)}


def test_every_meter_says_how_it_is_connected_and_where_it_comes_from(tmp_path):
    types = {entry["id"]: entry for entry in json.loads(passes("list", "meters", "--json", cwd=tmp_path))}
    assert sorted(types) == BUILT_IN
    for entry in types.values():
        assert entry["origin"] == "built in" and entry["ratings"]["connection"] in ("direct", "ct")
        assert entry["networks"] and entry["default_network"] in entry["networks"]
        assert entry["tariffs"] >= 1 and entry["accuracy_class"]
    assert types["countis-e48"]["ratings"]["maximum_a"] == 6
    assert types["countis-e48"]["modbus"]["tcp"] == {"host": "192.168.0.4", "port": 502}
    assert set(types["countis-e43"]["modbus"]["rtu"]["bauds"]) == {4800, 9600, 19200, 38400}
    assert "tcp" not in types["countis-e43"]["modbus"]
    assert types["countis-e48"]["pulse_output"]["bands"][0] == {"least": 1, "most": 4, "weight_wh": 1}
    assert len(types["countis-e43"]["networks"]) >= 6


def test_the_table_of_meters_has_what_the_list_for_machines_has(tmp_path):
    text = passes("list", "meters", cwd=tmp_path)
    for entry in json.loads(passes("list", "meters", "--json", cwd=tmp_path)):
        (block,) = re.findall(rf"^{entry['id']} (?:.*\n +)*.*built in$", text, re.M)
        assert entry["name"] in block and f"class {entry['accuracy_class']}," in block
        assert f"{entry['tariffs']} tariff" in block
        assert all(network in block for network in entry["networks"])
        modbus = entry["modbus"]
        assert ("Modbus TCP" in block) == ("tcp" in modbus) and ("Modbus RTU" in block) == ("rtu" in modbus)
    assert max(map(len, text.splitlines())) <= 132


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_meter_of_ones_own_needs_one_file(how, tmp_path):
    folder = own_type(tmp_path / "types")
    option = ["--meters", folder] if how == "option" else []
    more = {} if how == "option" else {"env": with_folder(folder)}
    types = {e["id"]: e for e in json.loads(passes("list", "meters", *option, "--json", cwd=tmp_path, **more))}
    assert sorted(types) == sorted([*BUILT_IN, OWN_ID])
    assert types[OWN_ID]["origin"] == str(folder / f"{OWN_ID}.toml")
    assert types[OWN_ID]["ratings"]["maximum_a"] == 5
    assert "WORKSHOP W8" in passes("list", "registers", "--meter", OWN_ID, *option, cwd=tmp_path, **more)
    plan = json.loads(passes("plan", "imax-short", "--meter", OWN_ID, *option, "--json", cwd=tmp_path, **more))
    assert plan["meter"] == OWN_ID
    passes("run", "imax-short", "--meter", OWN_ID, *option, "--positions", 2, "-o", "a.h5", cwd=tmp_path, **more)


def test_a_meter_of_ones_own_goes_before_the_built_in_one(tmp_path):
    folder = tmp_path / "types"
    folder.mkdir()
    (folder / "countis-e48.toml").write_text(
        (METER_TYPES / "countis-e48.toml").read_text().replace('part_number = "', 'part_number = "mine ')
    )
    types = {e["id"]: e for e in json.loads(passes("list", "meters", "--meters", folder, "--json", cwd=tmp_path))}
    assert sorted(types) == BUILT_IN
    assert types["countis-e48"]["part_number"].startswith("mine") and "types" in types["countis-e48"]["origin"]


def test_a_file_that_cannot_be_used_is_listed_with_its_reason(tmp_path):
    folder = own_type(tmp_path / "types", 'id = "workshop-w8"\nname = 5\n')
    text = passes("list", "meters", "--meters", folder, cwd=tmp_path)
    assert re.search(rf"^{OWN_ID} +cannot be used: .*{OWN_ID}.toml:2: .*name", text, re.M), text
    assert all(known in text for known in BUILT_IN)
    (broken,) = [e for e in json.loads(passes("list", "meters", "--meters", folder, "--json", cwd=tmp_path)) if "problem" in e]
    assert broken["id"] == OWN_ID and "name" in broken["problem"]
    refused(calrig("plan", "imax-short", "--meter", OWN_ID, "--meters", folder, cwd=tmp_path), "name")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    refused(calrig("list", "meters", "--meters", "nowhere", cwd=tmp_path), "nowhere")
    refused(calrig("list", "meters", cwd=tmp_path, env=with_folder(tmp_path / "nowhere")), "CALRIG_METERS: expected a folder")


def test_every_register_has_an_address_a_source_and_a_confidence(tmp_path):
    for meter in BUILT_IN:
        text = passes("list", "registers", "--meter", meter, cwd=tmp_path)
        map_of = json.loads(passes("list", "registers", "--meter", meter, "--json", cwd=tmp_path))
        assert map_of["meter"] == meter and len(map_of["registers"]) > 10 and map_of["identification"]
        for row in map_of["registers"]:
            assert row["source"] and row["confidence"] in ("found", "inferred", "assumed"), row
            line = rf"0x{row['address']:04X} .*{row['quantity']} .*{row['confidence']}$"
            assert re.search(line, text, re.M), (meter, row)


def test_registers_are_of_a_meter(tmp_path):
    refused(calrig("list", "registers", cwd=tmp_path), "expected a meter type: --meter")
    refused(calrig("list", "registers", "--meter", "countis-e99", cwd=tmp_path), "countis-e99")


def test_every_fault_says_what_it_does_and_what_its_amount_means(tmp_path):
    faults = {entry["kind"]: entry for entry in json.loads(passes("list", "faults", "--json", cwd=tmp_path))}
    text = passes("list", "faults", cwd=tmp_path)
    assert len(faults) > 40
    for kind, fault in faults.items():
        assert fault["meaning"], f"{kind} has no meaning in scripts/cli/fault_meanings.cpp"
        assert ("AMOUNT" in fault["usage"]) == bool(fault["amount"])
        assert fault["meaning"] in text and f"--fault {fault['usage']}\n" in text
    assert faults["swapped-heads"]["usage"] == "swapped-heads:POSITION[@SECONDS]=AMOUNT"
    assert faults["source-late"]["amount"] == "seconds: 0 to 3600"


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["weather"], "expected meters, registers, programmes, limits, drivers, faults or ports, got 'weather'"),
        (["ports", "--json"], "--json: expected only with meters, registers or faults, got 'ports'"),
    ],
)
def test_a_list_that_is_not_there_is_refused(arguments, expected, tmp_path):
    refused(calrig("list", *arguments, cwd=tmp_path), expected)
