"""Runs SymPy's own test runner on one file of this folder."""

import os
import sys

from sympy.testing.runtests import PyTestReporter, SymPyTests

reporter = PyTestReporter(True, "short", False)
tests = SymPyTests(reporter, [], False, 1234567)
tests._root_dir = os.path.dirname(os.getcwd())
reporter.root_dir(tests._root_dir)
tests._testfiles = [os.path.join(os.getcwd(), sys.argv[1])]
sys.exit(not tests.test(sort=False, slow=False, timeout=False, enhance_asserts=False))
