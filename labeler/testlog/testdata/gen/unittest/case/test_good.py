import unittest


class Good(unittest.TestCase):
    def test_one(self):
        pass

    def test_two(self):
        """Two, described."""

    @unittest.skip("why not")
    def test_three(self):
        pass
