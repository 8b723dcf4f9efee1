from __future__ import annotations

import gzip
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
from torchvision.datasets import CIFAR10, MNIST, FashionMNIST

from cifarx.pytorch_models.data import torchvision_sets
from cifarx.pytorch_models.data.mnist_like import FASHION
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
    files["batches.meta"] = pickle.dumps({"label_names": list(torchvision_sets.CIFAR10_CLASSES)})
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
    return path


def test_it_is_downloaded_checked_and_read(archive: Path) -> None:
    data = open_data("cifar10")
    train, test = data.read("train", None), data.read("test", np.arange(10))
    assert data.classes == torchvision_sets.CIFAR10_CLASSES
    assert train.pixels.shape == (100, 3, 32, 32)
    assert test.labels.tolist() == list(range(10))
    assert data.labels("test").tolist() == [*range(10)] * 2


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
    assert len(reopen_data("cifar10", root).read("test", np.arange(10))) == 10
    with pytest.raises(UserError, match=r"is not in .*elsewhere, and only a new training"):
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


def test_unpacked_batches_that_were_damaged_are_unpacked_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_data("cifar10").read("train", None).digest()
    (tmp_path / "data" / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"half")
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/nothing")
    again = reopen_data("cifar10", str(tmp_path / "data"))
    assert again.read("train", None).digest() == before


GREY = [("mnist", MNIST), ("fashion-mnist", FashionMNIST)]


def serve_mnist(kind: type[MNIST], server: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Small files in MNIST's own form; torchvision is told their address and checksums."""
    random = np.random.RandomState(1)
    folder.mkdir(exist_ok=True)
    resources = []
    for name, _ in kind.resources:
        count = 30 if "train" in name else 10
        if "images" in name:
            header = bytes([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28])
            content = header + random.bytes(count * 28 * 28)
        else:
            content = bytes([0, 0, 8, 1, 0, 0, 0, count]) + bytes(i % 10 for i in range(count))
        (folder / name).write_bytes(gzip.compress(content))
        resources.append((name, hashlib.md5((folder / name).read_bytes()).hexdigest()))
    patch.setattr(kind, "resources", resources)
    patch.setattr(kind, "mirrors", ["http://127.0.0.1:9/gone/", f"{server}/"])
    patch.setenv("CIFARX_DATA", str(folder.parent / "data"))


@pytest.fixture(params=GREY, ids=lambda p: p[0])
def grey(
    request: pytest.FixtureRequest, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, type[MNIST]]:
    """Name and torchvision's class of a data set that is served from tmp_path/server."""
    serve_mnist(request.param[1], server, tmp_path / "server", monkeypatch)
    return request.param


Grey = tuple[str, type[MNIST]]


def raw(kind: type[MNIST], tmp_path: Path) -> Path:
    return tmp_path / "data" / kind.__name__ / "raw"


def test_mnist_is_downloaded_from_the_mirror_that_has_it_and_read(
    grey: Grey, tmp_path: Path
) -> None:
    name, kind = grey
    data = open_data(name)
    assert (data.name, data.origin, data.root) == (name, name, str(tmp_path / "data"))
    assert data.classes[9] == {"mnist": "9", "fashion-mnist": "Ankle boot"}[name]
    for split, train in (("train", True), ("test", False)):
        theirs = kind(str(tmp_path / "data"), train=train, download=True)  # unpacks what is there
        mine = data.read(split, None)
        np.testing.assert_array_equal(mine.pixels, theirs.data.numpy()[:, None])
        assert mine.labels.tolist() == data.labels(split).tolist() == theirs.targets.tolist()
    some = data.read("train", np.array([12, 3]))
    assert some.labels.tolist() == [2, 3]
    np.testing.assert_array_equal(some.pixels, data.read("train", None).pixels[[12, 3]])


def test_the_class_names_of_fashion_mnist_are_torchvisions() -> None:
    assert list(FASHION) == FashionMNIST.classes


def test_mnist_put_there_by_hand_needs_no_network(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, kind = grey
    raw(kind, tmp_path).parent.mkdir(parents=True)
    (tmp_path / "server").rename(raw(kind, tmp_path))
    monkeypatch.setattr(kind, "mirrors", ["http://127.0.0.1:9/"])
    assert len(open_data(name).read("train", None)) == 30


def test_mnist_neither_there_nor_downloadable_says_what_to_do(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, kind = grey
    monkeypatch.setattr(kind, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(UserError) as caught:
        open_data(name)
    text = str(caught.value)
    assert {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[name] == text.split(" is not in ")[
        0
    ]
    assert "could not be downloaded (http://127.0.0.1:9/train-images" in text
    files = ", ".join(f"{file} (MD5 {md5})" for file, md5 in kind.resources)
    assert f"Download http://127.0.0.1:9/{files} " in text
    assert f"put these files into {raw(kind, tmp_path)}" in text
    assert "--data shapes-grey" in text
    assert "\n" not in text
    assert not (tmp_path / "data").exists()


def test_a_mnist_file_that_came_cut_short_is_removed_and_the_whole_ones_stay(
    grey: Grey, tmp_path: Path
) -> None:
    name, kind = grey
    served = tmp_path / "server" / "t10k-images-idx3-ubyte.gz"
    whole = served.read_bytes()
    served.write_bytes(whole[:100])
    with pytest.raises(UserError) as caught:
        open_data(name)
    text = str(caught.value)
    assert "t10k-images-idx3-ubyte.gz (MD5 " in text
    assert "train-images-idx3-ubyte.gz (MD5 " not in text  # that one is there
    there = {path.name for path in raw(kind, tmp_path).iterdir()}
    assert there == {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"}
    served.write_bytes(whole)
    assert len(open_data(name).labels("test")) == 10


def test_a_damaged_mnist_file_is_named_where_it_cannot_be_replaced(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, kind = grey
    open_data(name)
    damaged = raw(kind, tmp_path) / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    with pytest.raises(UserError, match=r"is damaged in .* \(t10k-labels-idx1-ubyte.gz\)"):
        reopen_data(name, str(tmp_path / "data"))
    monkeypatch.setattr(kind, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(UserError, match=r"is damaged in .* could not be downloaded"):
        open_data(name)
    assert damaged.exists()  # the user's own


def test_what_torchvision_left_half_unpacked_does_no_harm(grey: Grey, tmp_path: Path) -> None:
    name, kind = grey
    before = open_data(name).read("train", None).digest()
    for file, _ in kind.resources:
        (raw(kind, tmp_path) / file.removesuffix(".gz")).write_bytes(b"half")
    assert open_data(name).read("train", None).digest() == before


def test_a_run_reopens_mnist_from_anywhere_and_never_downloads(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = grey
    root = open_data(name).root
    monkeypatch.delenv("CIFARX_DATA")
    assert len(reopen_data(name, root).read("test", np.arange(10))) == 10
    with pytest.raises(UserError, match=r"is not in .*elsewhere.*, and only a new training"):
        reopen_data(name, str(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_ctrl_c_while_it_downloads_leaves_nothing_behind(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(url: str, root: str, filename: str, md5: str) -> None:
        (Path(root)).mkdir(parents=True)
        (Path(root) / filename).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("torchvision.datasets.utils.download_url", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_data(grey[0])
    assert not (tmp_path / "data").exists()


def test_a_place_that_is_a_file_is_told(grey: Grey, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(UserError, match=r"could not be downloaded \(.*Not a directory|File exists"):
        open_data(grey[0])
    assert (tmp_path / "data").read_text() == "mine"


def test_a_place_that_may_not_be_looked_at_is_told(
    grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(UserError, match=r"Cannot read .*: Permission denied"):
        open_data(grey[0])
