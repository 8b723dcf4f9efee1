from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

from cifarx.pytorch_models.data import cifar10
from cifarx.pytorch_models.data.open import open_data, reopen_data
from cifarx.pytorch_models.errors import UserError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of a web server over tmp_path/server."""
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "server")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def archive(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive in CIFAR-10's own format; torchvision is told its checksums."""
    random = np.random.RandomState(0)
    files: dict[str, bytes] = {}
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        data = random.randint(0, 256, (20, 3072)).astype(np.uint8)
        files[name] = pickle.dumps({"data": data, "labels": [i % 10 for i in range(20)]})
    files["batches.meta"] = pickle.dumps({"label_names": list(cifar10.CLASSES)})
    path = tmp_path / "server" / "cifar-10-python.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(CIFAR10, "url", f"{server}/{path.name}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[n, md5[n]] for n in files if "data" in n])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    meta = {"filename": "batches.meta", "key": "label_names", "md5": md5["batches.meta"]}
    monkeypatch.setattr(CIFAR10, "meta", meta)
    monkeypatch.setenv("CIFARX_DATA", str(tmp_path / "data"))
    cifar10._dataset.cache_clear()
    return path


def test_it_is_downloaded_checked_and_read(archive: Path) -> None:
    data = open_data("cifar10")
    train, test = data.read("train", None), data.read("test", 10)
    assert data.classes == cifar10.CLASSES
    assert train.pixels.shape == (100, 3, 32, 32)
    assert test.labels.tolist() == list(range(10))


def test_an_archive_put_there_by_hand_needs_no_network(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    archive.rename(tmp_path / "data" / archive.name)
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/nothing")
    assert len(open_data("cifar10").read("train", None)) == 100


def test_neither_there_nor_downloadable_says_what_to_do(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    with pytest.raises(UserError) as caught:
        open_data("cifar10")
    text = str(caught.value)
    assert "could not be downloaded" in text
    assert "Download http://127.0.0.1:9/cifar-10-python.tar.gz (MD5 " in text
    assert "--data shapes" in text


def test_a_run_reopens_it_from_anywhere_and_never_downloads(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = open_data("cifar10").root
    monkeypatch.delenv("CIFARX_DATA")
    assert len(reopen_data("cifar10", root).read("test", 10)) == 10
    with pytest.raises(UserError, match=r"is not in .*elsewhere and is not downloaded for this"):
        reopen_data("cifar10", str(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_download_cut_short_leaves_nothing_behind(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(UserError, match="could not be downloaded"):
        open_data("cifar10")
    assert not (tmp_path / "data").exists()


def test_a_damaged_archive_is_rejected(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(UserError, match="CIFAR-10 is not in"):
        open_data("cifar10")
