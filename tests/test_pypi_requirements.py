"""Requirement lines and files: what is read, and what is refused with file and line."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
import yaml

from jupyter_envmanager.errors import Invalid, NotAllowed
from jupyter_envmanager.pypi.requirements import Wanted, read

EXAMPLES = Path(__file__).parents[2] / "shared" / "data" / "environment-files"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The only folder that may be read from."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def lines(*text: str, root: Path | None = None) -> Wanted:
    return read(text, [], [str(root)] if root else [])


def texts(wanted: Wanted) -> list[str]:
    return [requirement.text for requirement in wanted.requirements]


def file(root: Path, content: str | bytes, name: str = "requirements.txt") -> Path:
    path = root / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("requests", "requests"),
        ("  requests  # a comment", "requests"),
        ("Ruamel.YAML >= 0.17, < 1", "ruamel-yaml"),
        ("pandas[excel,performance]~=2.0", "pandas"),
        ("tomli; python_version < '3.11'", "tomli"),
        ("thing===1.0-weird", "thing"),
        ("name @ https://example.org/name-1.0-py3-none-any.whl", "name"),
        ("name@https://example.org/name-1.0.tar.gz", "name"),
        ("https://example.org/some_name-1.0-py3-none-any.whl", "some-name"),
        ("https://example.org/some-name-1.0.tar.gz", "some-name"),
        ("git+https://github.com/dask/distributed", ""),
        ("git+https://github.com/dask/distributed@main#egg=distributed", "distributed"),
        ("git+ssh://git@github.com/dask/distributed.git@v1#subdirectory=x&egg=distributed", "distributed"),
        ("distributed[complete] @ git+https://github.com/dask/distributed", "distributed"),
    ],
)
def test_lines_that_are_read(line: str, name: str) -> None:
    (requirement,) = lines(line).requirements
    assert requirement.name == name
    assert not requirement.text.startswith("-")
    assert "#" not in requirement.text or requirement.url


def test_hashes_are_kept() -> None:
    digest = "sha256:" + "0" * 64
    (requirement,) = lines(f"requests==2.0 --hash={digest} --hash={digest}").requirements
    assert requirement.hashes == [digest, digest]
    assert requirement.text == f"requests==2.0 --hash={digest} --hash={digest}"


@pytest.mark.parametrize(
    "line",
    [
        "req uests",
        "requests=>2",
        "requests==",
        "-requests",
        "--requests",
        "requests --index-url=http://evil",
        "requests --hash=sha256:zz",
        "requests --hash=md5:d41d8cd98f00b204e9800998ecf8427e",
        "requests; python_version <",
        "requests\n--index-url http://evil",
        "requests\x00",
        "requests\x1b[31m",
        "requests\u2028pandas",
        "\ud800",
        "x" * 1_000_000,
        "${HOME}",
        "name @ ${SECRET}",
        "name @ https://${TOKEN}@example.org/name.whl",
        "name @ ftp://example.org/name-1.0.tar.gz",
        "svn+https://example.org/repo",
        "hg+https://example.org/repo",
        "git+file://elsewhere/repo",
        "file://elsewhere/repo",
        "https://",
        "name @ https://[::1/x.whl",
        "git+ssh://-oProxyCommand=id/repo",
        "git+https://example.org/repo@--upload-pack=id",
        "name @ https://me:hunter2@example.org/name-1.0.tar.gz",
        "name @ https://ghp_hunter2@example.org/name-1.0.tar.gz",
        "git+https://me:hunter2@example.org/repo",
        "git+ssh://git:hunter2@example.org/repo",
        "name @ https://example.org/name-1.0.tar.gz?token=hunter2",
        "./relative",
        "../relative",
        "relative/folder",
        "some-1.0-py3-none-any.whl",
        "~other/folder",
        ".",
        "-e https://example.org/x.tar.gz",
        "-e",
        "-e requests",
        "-r relative.txt",
        "-r https://example.org/requirements.txt",
        "-c https://example.org/constraints.txt",
        "--prefer-binary",
        "--use-feature=fast",
        "--no-binary=--pre",
        "--no-binary",
        "--config-settings=x",
    ],
)
def test_lines_that_are_refused(line: str) -> None:
    with pytest.raises(Invalid) as caught:
        lines(line)
    assert caught.value.field == "pypi"
    assert len(caught.value.message) < 600
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "option",
    [
        "-i https://evil.example.org/simple",
        "-ihttps://evil.example.org/simple",
        "--index-url https://evil.example.org/simple",
        "--index-url=https://me:hunter2@evil.example.org/simple",
        "--extra-index-url https://evil.example.org",
        "-f https://evil.example.org",
        "--find-links=/tmp",
        "--trusted-host evil.example.org",
        "--no-index",
    ],
)
def test_indexes_in_files_are_refused_not_passed_over(root: Path, option: str) -> None:
    path = file(root, f"requests\n\n{option}\n")
    with pytest.raises(Invalid, match=r"Line 3 of .*requirements\.txt: .* index in the site's settings") as caught:
        read([], [str(path)], [str(root)])
    assert "hunter2" not in caught.value.message


def test_options_that_mean_the_same_to_uv() -> None:
    wanted = lines("--pre", "--no-binary=numpy,pandas", "--only-binary :all:")
    assert wanted.options == ["--prerelease=allow", "--no-binary=numpy", "--no-binary=pandas", "--only-binary=:all:"]


def test_files_with_continuations_comments_and_windows_line_ends(root: Path) -> None:
    text = "\ufeff# title\r\nrequests \\\r\n    >=2  # why\r\n\r\npandas#nocomment-1\r\n"
    path = file(root, text.replace("pandas#nocomment-1", "pandas"))
    assert texts(read([], [str(path)], [str(root)])) == ["requests>=2", "pandas"]


def test_nested_files_are_found_from_the_file_that_names_them(root: Path) -> None:
    (root / "sub").mkdir()
    file(root, "-r sub/more.txt\n--constraint=sub/limits.txt\n")
    file(root, "dep\n-r../last.txt\n", "sub/more.txt")
    file(root, "dep<2\n", "sub/limits.txt")
    file(root, "last\n", "last.txt")
    wanted = read([f"-r {root}/requirements.txt"], [], [str(root)])
    assert texts(wanted) == ["dep", "last"]
    assert [requirement.text for requirement in wanted.constraints] == ["dep<2"]


def test_files_that_name_each_other_in_a_circle(root: Path) -> None:
    file(root, "-r b.txt\n", "a.txt")
    file(root, "\n-r a.txt\n", "b.txt")
    with pytest.raises(Invalid, match=r"Line 2 of .*b\.txt: .*circle.*a\.txt → .*b\.txt → .*a\.txt"):
        read([], [str(root / "a.txt")], [str(root)])


def test_files_outside_of_the_allowed_roots(root: Path, tmp_path: Path) -> None:
    outside = file(tmp_path, "requests\n", "outside.txt")
    (root / "link.txt").symlink_to(outside)
    file(root, "-r ../outside.txt\n")
    for path in (outside, root / "link.txt", root / "requirements.txt", root / ".." / "outside.txt"):
        with pytest.raises(NotAllowed, match=r"(outside|link)\.txt is outside"):
            read([], [str(path)], [str(root)])
    with pytest.raises(NotAllowed, match="outside"):
        read([], [str(outside)], [])


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"requests\n\xff\xfe\xfa\n", 2, "is not UTF-8"),
        ("requests\nna\u00efve\n".encode("latin-1"), 2, "is not UTF-8"),
        ("requests\n".encode("utf-16"), 1, "UTF-16"),
        (b"a\nb\nreq\x00uests\n", 3, r"U\+0000"),
        (b"\x7fELF\x02\x01\x01\x00", 1, r"U\+007F"),
        (b"a\n" + b"x" * 1_000_000 + b"\n", 2, "longer than"),
        (b"a \\\n" * 10_000, 1, "longer than"),
    ],
)
def test_files_that_are_no_text(root: Path, content: bytes, line: int, problem: str) -> None:
    path = file(root, content)
    with pytest.raises(Invalid, match=rf"Line {line} of {path} .*{problem}") as caught:
        read([], [str(path)], [str(root)])
    assert caught.value.details["line"] == line


def test_what_is_not_a_file(root: Path) -> None:
    os.mkfifo(root / "pipe")
    for path, problem in ((root, "not a file"), (root / "pipe", "not a file"), (root / "none.txt", "does not exist")):
        with pytest.raises(Invalid, match=problem):
            read([], [str(path)], [str(root)])
    for text in ("relative.txt", "/with\x00nul", ""):
        with pytest.raises(Invalid, match="full path"):
            read([], [text], [str(root)])


def test_projects_and_wheels_below_the_roots(root: Path) -> None:
    (root / "my project").mkdir()
    (root / "plain").mkdir()
    (root / "repo").mkdir()
    file(root, "", "some_name-1.0-py3-none-any.whl")
    wanted = lines(
        f"-e {root}/plain",
        f"--editable={root}/plain[extra]",
        f"{root}/some_name-1.0-py3-none-any.whl",
        f"named @ file://{root}/my%20project",
        f"git+file://{root}/repo@main",
        root=root,
    )
    assert texts(wanted) == [
        f"-e {root}/plain",
        f"-e {root}/plain[extra]",
        f"some-name @ file://{root}/some_name-1.0-py3-none-any.whl",
        f"named @ file://{root}/my%20project",
        f"git+file://{root}/repo@main",
    ]
    with pytest.raises(Invalid, match="does not exist"):
        lines(f"{root}/nothing-here", root=root)
    with pytest.raises(NotAllowed):
        lines(f"file://{root}/%2e%2e/elsewhere", root=root)


def test_too_many_requirements(root: Path) -> None:
    path = file(root, "a\n" * 25_000)
    with pytest.raises(Invalid, match="more than"):
        read([], [str(path)], [str(root)])


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the collection of real files is not here")
def test_the_pip_parts_of_real_files_are_read_or_refused_with_a_reason() -> None:
    seen = 0
    for path in sorted(EXAMPLES.glob("*.yml")):
        try:
            content = yaml.safe_load(path.read_text())
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        for part in content.get("dependencies") or [] if isinstance(content, dict) else []:
            for line in part.get("pip") or [] if isinstance(part, dict) else []:
                seen += 1
                with contextlib.suppress(Invalid, NotAllowed):
                    assert len(lines(str(line)).requirements) <= 1
    assert seen > 100
