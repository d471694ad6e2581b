import os
import unittest


class Crash(unittest.TestCase):
    def test_a_passes(self):
        pass

    def test_b_crashes(self):
        os.abort()
