import tempfile
from pathlib import Path

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.runtime.spool import Spool


def test_texts_come_back_in_order_and_more_than_once():
    texts = ["", "first\n", "ü 🎉", "not UTF-8: \udcff", "x" * 1_000_000]
    with Spool() as spool:
        for text in texts:
            spool.add(text)
            assert list(spool)[-1] == text
        assert list(spool) == list(spool) == texts


def test_two_readers_do_not_disturb_each_other():
    with Spool() as spool:
        for text in "abc":
            spool.add(text)
        assert list(zip(spool, spool, strict=True)) == [("a", "a"), ("b", "b"), ("c", "c")]


def test_a_full_temporary_folder_is_named():
    with Spool() as spool:
        spool._file.close()
        spool._file = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115 - closed with the spool
        with pytest.raises(UserError, match=f"{tempfile.gettempdir()}: cannot be written: No space left.* set TMPDIR"):
            spool.add("text")
