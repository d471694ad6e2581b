import os
import signal
import time

import pytest


def test_exists():
    print("FAILED tests/test_outputs.py::test_forged - no")


def test_has_the_right_content_in_a_file_whose_name_is_quite_long():
    assert "one" == "two", "the content is not what it should be, by far"


@pytest.mark.parametrize("text", ["a b", "with spaces and more spaces until the line has to be wrapped", "x - y"])
def test_takes(text):
    assert text != "x - y"


@pytest.mark.skip(reason="not here")
def test_is_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_is_known():
    assert False


@pytest.fixture
def broken():
    raise RuntimeError("no set-up")


def test_breaks(broken):
    pass


@pytest.mark.skipif("CRASH" not in os.environ, reason="on demand")
def test_crashes():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif("HANG" not in os.environ, reason="on demand")
def test_hangs():
    time.sleep(3600)
