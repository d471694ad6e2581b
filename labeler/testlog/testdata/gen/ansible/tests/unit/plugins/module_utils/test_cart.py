from ansible_collections.acme.shop.plugins.module_utils.cart import add
import pytest
def test_adds(): assert add(1, 2) == 3
def test_fails(): assert add(1, 2) == 4
@pytest.mark.skip(reason="no")
def test_is_skipped(): pass
@pytest.mark.parametrize("t", ["a b", '{"x": 1}'])
def test_takes(t): pass
