import time


def test_a_passes():
    pass


def test_b_hangs():
    time.sleep(60)
