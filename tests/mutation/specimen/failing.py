"""A test that fails by itself."""


def test_that_fails():
    raise AssertionError("always")
