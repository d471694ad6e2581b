"""Grades real logs with the package swebench and with swerm under swebench-5, and
compares them log by log: what was read, both lists of every kind, and the answer.

usage: grading_check.py SWERM
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from swebench.harness.grading import get_eval_report
from swebench.harness.log_parsers.python import MAP_REPO_TO_PARSER_PY
from swebench.types import TestSpec

ROOT = pathlib.Path(__file__).resolve().parent.parent
REAL = pathlib.Path(os.environ.get("REAL") or ROOT.parent / "shared" / "real") / "swebench-logs"


def inner(report):
    return report if "resolved" in report else next(iter(report.values()))


def both(report, kind):
    lists = inner(report)["tests_status"][kind]
    return lists["success"] + lists["failure"]


def folders():
    """The folders with a log and a report on a repository that swebench knows."""
    found = sorted(p.parent for p in REAL.glob("**/report.json") if (p.parent / "test_output.txt").exists())
    return [f for f in found if f.name.rsplit("-", 1)[0].replace("__", "/") in MAP_REPO_TO_PARSER_PY]


def task(folder):
    """What swebench grades a folder by: the tests that the stored report lists."""
    report = json.loads((folder / "report.json").read_text())
    instance = folder.name
    repo = instance.rsplit("-", 1)[0].replace("__", "/")
    spec = TestSpec(instance_id=instance, image="", eval_script_list=[], repo=repo, version="", log_parser=MAP_REPO_TO_PARSER_PY[repo].__name__,
                    FAIL_TO_PASS=both(report, "FAIL_TO_PASS"), PASS_TO_PASS=both(report, "PASS_TO_PASS"), eval_type="pass_and_fail")
    return spec, {"instance_id": instance, "model_patch": "x"}, str(folder / "test_output.txt")


def grade(task):
    """What swebench says of a log."""
    return get_eval_report(*task, True)[task[0].instance_id]


def same(ours, theirs):
    keys = ["resolved", "patch_successfully_applied"]
    if any(ours[k] != theirs[k] for k in keys):
        return False
    kinds = ("FAIL_TO_PASS", "PASS_TO_PASS")
    return all(ours.get("tests_status", {}).get(k) == theirs.get("tests_status", {}).get(k) for k in kinds)


def main():
    found = folders()
    if not found:
        print(f"skip grading: no logs under {REAL}; set REAL to the folder of real trajectories")
        return
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.argv[1], "grade", REAL, "--rules", "swebench-5", "-o", out, "--json"], check=False, capture_output=True)
        differ = []
        for folder in found:
            theirs = grade(task(folder))
            ours = inner(json.loads((pathlib.Path(out) / folder.relative_to(REAL) / "report.json").read_text()))
            if not same(ours, theirs):
                differ.append(folder)
    for folder in differ:
        print(f"FAIL grading {folder}")
    print(f"{'FAIL' if differ else 'ok  '} grading: {len(found)} logs, {len(found) - len(differ)} as swebench 5.0.2 grades them")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
