from sympy.testing.pytest import XFAIL, skip, slow


def test_passes():
    pass


def test_fails():
    assert 1 == 2


def test_errors():
    raise RuntimeError("no")


def test_skipped():
    skip("not installed")


@XFAIL
def test_expected():
    assert 1 == 2


@XFAIL
def test_unexpected():
    pass


@slow
def test_slow():
    pass
