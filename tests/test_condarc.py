"""conda's files: where they are looked for, and what is read of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envmanager.config import condarc
from jupyter_envmanager.config.layers import Node


def read(path: Path, content: str | bytes) -> tuple[dict[str, Node], list[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    layer, problems = condarc.read(path)
    return dict(layer.nodes), [problem.message for problem in problems]


def texts(node: Node) -> list[object]:
    assert isinstance(node.value, tuple)
    return [item.value for item in node.value]


def flags(node: Node) -> list[object]:
    assert isinstance(node.value, tuple)
    return [item.flag for item in node.value]


def test_search_path_is_condas_order(tmp_path: Path) -> None:
    env = {
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "CONDA_PREFIX": str(tmp_path / "env"),
        "CONDARC": "~/mine.yml",
    }
    found = condarc.search_path(env, tmp_path / "home", tmp_path / "root")
    parents = list(dict.fromkeys(str(path.parent) for path in found))
    home = tmp_path / "home"
    assert parents == [
        "/etc/conda",
        "/var/lib/conda",
        str(tmp_path / "root"),
        str(tmp_path / "xdg" / "conda"),
        str(home / ".config" / "conda"),
        str(home / ".conda"),
        str(home),
        str(tmp_path / "env"),
    ]
    assert [path.name for path in found[:3]] == [".condarc", "condarc", "condarc.d"]
    assert found[-1] == home / "mine.yml"
    assert found.index(home / ".condarc") < found.index(tmp_path / "env" / ".condarc")


def test_conda_root_variable_wins_over_the_known_root(tmp_path: Path) -> None:
    found = condarc.search_path({"CONDA_ROOT": "/named"}, tmp_path, tmp_path / "root")
    assert Path("/named/.condarc") in found
    assert tmp_path / "root" / ".condarc" in found  # as the active prefix


def test_a_folder_gives_its_yaml_files_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "condarc.d"
    folder.mkdir()
    for name in ("b.yml", "a.yaml", "c.txt", "d.yml~"):
        (folder / name).touch()
    (folder / "e.yml").mkdir()
    assert [file.name for file in condarc.files(folder)] == ["a.yaml", "b.yml"]


@pytest.mark.parametrize(("name", "counts"), [("rc.yml", True), (".condarc", True), ("my-settings", False)])
def test_a_file_counts_by_its_name(tmp_path: Path, name: str, counts: bool) -> None:
    (tmp_path / name).touch()
    assert list(condarc.files(tmp_path / name)) == ([tmp_path / name] if counts else [])


def test_a_link_is_followed_and_a_dangling_one_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_text("offline: true")
    (tmp_path / ".condarc").symlink_to("real.yml")
    (tmp_path / "condarc").symlink_to("nowhere")
    assert list(condarc.files(tmp_path / ".condarc")) == [tmp_path / ".condarc"]
    assert list(condarc.files(tmp_path / "condarc")) == []


def test_marks_are_found_in_comments(tmp_path: Path) -> None:
    nodes, problems = read(
        tmp_path / ".condarc",
        "channels: #!final\n"
        "  - a  #!top\n"
        '  - "b#!top"\n'
        "  - c#!bottom\n"
        "  - d #!bottom\n"
        "  - e # !bottom\n"
        "offline: true #!final\n"
        "default_channels: [x, y] #!final\n"
        "proxy_servers:\n"
        "  http: one #!final\n"
        "  https: two\n",
    )
    assert problems == []
    assert flags(nodes["channels"]) == ["top", None, None, "bottom", None]
    assert texts(nodes["channels"]) == ["a", "b#!top", "c#!bottom", "d", "e"]
    assert [name for name, node in nodes.items() if node.final] == ["channels", "offline", "default_channels"]
    proxies = nodes["proxy_servers"].value
    assert isinstance(proxies, dict)
    assert proxies["http"].final
    assert not proxies["https"].final


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    nodes, _ = read(tmp_path / ".condarc", "# first\n\noffline: true\nchannels:\n  - a\n  - b\n")
    assert nodes["offline"].line == 3
    channels = nodes["channels"].value
    assert isinstance(channels, tuple)
    assert [item.line for item in channels] == [5, 6]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("channels:\n\t- a\n", 2, "cannot start any token"),
        ("offline: true\nchannels: [a\nssl_verify: no\n", 3, ""),
        ("a: b: c\n", 1, "mapping values"),
        (b"offline: true\nchannels:\n  - caf\xe9\n", 3, "UTF-8"),
        ("offline: true\nx: \x00\n", 2, "not text"),
        ("/home/somebody/.condarc", 1, "does not hold settings"),
        ("- a\n- b\n", 1, "does not hold settings"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: *gone\n", 1, "undefined alias"),
    ],
)
def test_a_broken_file_is_ignored_with_its_line(tmp_path: Path, content: str | bytes, line: int, says: str) -> None:
    path = tmp_path / ".condarc"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    layer, problems = condarc.read(path)
    assert layer.nodes == {}
    (problem,) = problems
    assert problem.code == "config_file"
    assert problem.details == {"file": str(path), "line": line}
    assert problem.message.startswith(f"{path}, line {line}: ")
    assert says in problem.message


@pytest.mark.parametrize("content", ["", "# only a comment\n", "---\n", "~\n", "\ufeff"])
def test_an_empty_file_is_fine(tmp_path: Path, content: str) -> None:
    assert read(tmp_path / ".condarc", content) == ({}, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_byte_order_marks_and_windows_lines_are_read(tmp_path: Path, encoding: str) -> None:
    content = "channels:\r\n  - a #!top\r\noffline: true\r\n".encode(encoding)
    nodes, problems = read(tmp_path / ".condarc", content)
    assert problems == []
    assert texts(nodes["channels"]) == ["a"]
    assert flags(nodes["channels"]) == ["top"]
    assert nodes["offline"].line == 3


def test_a_key_set_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    nodes, problems = read(tmp_path / ".condarc", "offline: true\nx: 1\noffline: false\n")
    assert nodes["offline"].value == "false"
    (message,) = problems
    assert "line 3: offline is set twice, first in line 1" in message


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    nodes, problems = read(
        tmp_path / ".condarc",
        "base: &b {http: one, https: two}\nproxy_servers:\n  <<: *b\n  https: three\n",
    )
    assert problems == []
    proxies = nodes["proxy_servers"].value
    assert isinstance(proxies, dict)
    assert {key: node.value for key, node in proxies.items()} == {"http": "one", "https": "three"}


@pytest.mark.parametrize("content", ["a: &x [*x]\n", "a: &x {<<: *x}\n"])
def test_an_alias_of_itself_does_no_harm(tmp_path: Path, content: str) -> None:
    nodes, problems = read(tmp_path / ".condarc", content)
    assert list(nodes) == ["a"]
    assert problems == []


def test_nesting_without_end_is_named_with_its_line(tmp_path: Path) -> None:
    nodes, problems = read(tmp_path / ".condarc", "channels: [one]\na: " + "[" * 5000)
    assert nodes == {}
    assert "nested too deeply" in problems[0]
    assert "2" in problems[0]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    nodes, problems = read(tmp_path / ".condarc", "# " + "x" * (1 << 20))
    assert nodes == {}
    assert "too large" in problems[0]


def test_variables_are_a_layer() -> None:
    layer = condarc.environment_layer({"CONDA_CHANNELS": "a,b", "CONDARC": "x", "HOME": "/"})
    assert dict(layer.nodes) == {"channels": Node("a,b", "CONDA_CHANNELS")}
    assert layer.environment
