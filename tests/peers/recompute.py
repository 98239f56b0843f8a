"""Recomputes every error of an evidence file from its edges, with nothing but h5py and exact fractions."""

from fractions import Fraction

import h5py


def phase(group, edge):
    """Reference impulses at one dut edge: whole ones, and the fraction between the two adjacent reference edges,
    which are as many impulses apart as the capture device divides by."""
    divider = int(group.file["entry/instruments"].attrs.get("reference_divider", 1))
    before = int(group["reference_before_ticks"][edge])
    after = int(group["reference_after_ticks"][edge])
    tick = int(group["dut_edge_ticks"][edge])
    return int(group["reference_count"][edge]) + divider * Fraction(tick - before, after - before)


def error_percent(group):
    """e = 100 ((N / C_dut) / (dPhi / C_ref) - 1), from the first to the last counted edge of one position."""
    index = [int(value) for value in group["impulse_index"][:]]
    counted = [edge for edge, value in enumerate(index) if value >= 0]
    impulses = index[counted[-1]] - index[counted[0]]
    reference = phase(group, counted[-1]) - phase(group, counted[0])
    dut_constant = Fraction(float(group.attrs["dut_constant_imp_per_kwh"]))
    reference_constant = Fraction(float(group.attrs["reference_constant_imp_per_kwh"]))
    return float(100 * (impulses / dut_constant / (reference / reference_constant) - 1))


def recompute(path):
    """A list of (point, position, stored error in %, recomputed error in %) for every measured error of a file."""
    found = []
    with h5py.File(path, "r") as file:
        entry = file["entry"]
        for point_name in sorted(name for name in entry if name.startswith("point_")):
            point = entry[point_name]
            for name in sorted(name for name in point if name.startswith("position_")):
                group = point[name]
                if "error_percent" in group.attrs:
                    stored = float(group.attrs["error_percent"])
                    found.append((point.attrs["name"], group.attrs["position"], stored, error_percent(group)))
    return found
