import sys
import unittest


class Cart(unittest.TestCase):
    def test_passes(self):
        pass

    def test_described(self):
        """The first line says what is tested."""

    def test_fails(self):
        self.assertEqual(1, 2)

    def test_errors(self):
        raise RuntimeError("no")

    @unittest.skip("not here (yet)")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail()

    @unittest.expectedFailure
    def test_unexpected(self):
        pass

    def test_prints(self):
        print("some output", file=sys.stderr)

    def test_subtests(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertNotEqual(n, 1)


class NoSetUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no class")

    def test_never_runs(self):
        pass
