"""conda's configuration, merged from real files in a temporary home."""

from __future__ import annotations

import csv
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_envmanager import config
from jupyter_envmanager.config import Settings, SettingsSource
from jupyter_envmanager.config.channelnames import ChannelNames
from jupyter_envmanager.errors import Invalid, NotAllowed
from jupyter_envmanager.redaction import redact

SHARED = Path(__file__).parents[2] / "shared" / "data" / "condarc"
ALIAS = "https://conda.anaconda.org"

Load = Callable[..., Settings]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def config_load(tmp_path: Path, home: Path) -> Load:
    """Write files (paths relative to ``tmp_path``), then load."""

    def load(files: Mapping[str, str] | str = "", /, **env: str) -> Settings:
        for name, content in ({"home/.condarc": files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return config.load(env, home, tmp_path / "server")

    return load


def make_root(path: Path) -> Path:
    (path / "conda-meta").mkdir(parents=True)
    (path / "conda-meta" / "history").touch()
    (path / "condabin").mkdir()
    return path


def test_no_file_gives_conda_forge_strictly(tmp_path: Path, home: Path) -> None:
    settings = config.load({}, home, tmp_path / "server")
    assert settings.channels == ("conda-forge",)
    assert settings.channel_priority == "strict"
    assert settings.envs_dirs == (home / ".conda" / "envs",)
    assert settings.pkgs_dirs == (home / ".conda" / "pkgs",)
    assert settings.ssl_verify is True
    assert settings.offline is False
    assert settings.root_prefix is None
    assert settings.problems == ()
    assert set(settings.origins.values()) == {"default"}
    assert {setting.name for setting in settings.public_settings()} == set(settings.origins)
    assert settings.channel_urls("conda-forge") == (f"{ALIAS}/conda-forge",)


# Roots and folders


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CONDA_EXE", "bin/conda"), ("CONDA_EXE", "condabin/conda"), ("MAMBA_ROOT_PREFIX", ""), ("CONDA_ROOT", "")],
)
def test_a_variable_names_the_root(tmp_path: Path, home: Path, variable: str, value: str) -> None:
    root = make_root(tmp_path / "root")
    settings = config.load({variable: str(root / value)}, home, tmp_path / "server")
    assert settings.root_prefix == root
    assert settings.origins["root_prefix"] == variable
    assert settings.envs_dirs == (root / "envs", home / ".conda" / "envs")
    assert settings.pkgs_dirs == (root / "pkgs", home / ".conda" / "pkgs")


@pytest.mark.parametrize("server", ["root", "root/envs/jupyter"])
def test_the_root_around_the_server_is_found(tmp_path: Path, home: Path, server: str) -> None:
    root = make_root(tmp_path / "root")
    (root / ".condarc").write_text("channels: [site]")
    settings = config.load({}, home, tmp_path / server)
    assert settings.root_prefix == root
    assert settings.channels == ("site",)


def test_own_folders_come_first_when_the_root_is_not_writable(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_root(tmp_path / "root")
    monkeypatch.setattr("jupyter_envmanager.config.condaroot.writable", lambda root: False)
    settings = config.load({"CONDA_ROOT": str(root)}, home, tmp_path / "server")
    assert settings.envs_dirs == (home / ".conda" / "envs", root / "envs")
    assert settings.pkgs_dirs == (home / ".conda" / "pkgs", root / "pkgs")


def test_configured_folders_come_before_condas_own(config_load: Load, home: Path) -> None:
    settings = config_load("envs_path:\n  - ~/mine\n  - /group/$LAB/envs\npkgs_dirs: [~/pkgs]\n", LAB="bio")
    assert settings.envs_dirs == (home / "mine", Path("/group/bio/envs"), home / ".conda" / "envs")
    assert settings.pkgs_dirs == (home / "pkgs",)
    assert settings.origins["envs_dirs"] == str(home / ".condarc")


def test_folders_in_variables_are_split_like_a_path(config_load: Load, home: Path) -> None:
    settings = config_load(
        "envs_dirs: [/file]", CONDA_ENVS_PATH=f"~/a{os.pathsep}/b/", CONDA_PKGS_DIRS=f"/p{os.pathsep}/q,/r"
    )
    assert settings.envs_dirs[:3] == (home / "a", Path("/b"), Path("/file"))
    assert settings.pkgs_dirs == (Path("/p"), Path("/q"), Path("/r"))
    assert settings.origins["envs_dirs"] == "CONDA_ENVS_PATH"


@pytest.mark.parametrize("folder", ["relative/envs", "$NOT_SET/envs"])
def test_a_folder_that_is_nowhere_is_ignored_with_its_line(config_load: Load, home: Path, folder: str) -> None:
    settings = config_load(f"envs_dirs:\n  - /good\n  - {folder}\n")
    assert settings.envs_dirs == (Path("/good"), home / ".conda" / "envs")
    (problem,) = settings.problems
    assert problem.details == {"file": str(home / ".condarc"), "line": 3}


# Merging


def test_every_layer_of_the_search_path_counts(config_load: Load, tmp_path: Path) -> None:
    places = [
        "root/.condarc",
        "root/condarc.d/a.yml",
        "xdg/conda/condarc",
        "home/.config/conda/.condarc",
        "home/.conda/condarc.d/b.yaml",
        "home/.condarc",
        "env/condarc",
        "mine.yml",
    ]
    settings = config_load(
        {place: f"channels: [c{number}]\noffline: true" for number, place in enumerate(places)},
        CONDA_ROOT=str(tmp_path / "root"),
        XDG_CONFIG_HOME=str(tmp_path / "xdg"),
        CONDA_PREFIX=str(tmp_path / "env"),
        CONDARC=str(tmp_path / "mine.yml"),
        CONDA_CHANNELS="first, c3",
    )
    assert settings.channels == ("first", "c3", "c7", "c6", "c5", "c4", "c2", "c1", "c0")
    assert settings.origins["channels"] == "CONDA_CHANNELS"
    assert settings.origins["offline"] == str(tmp_path / "mine.yml")
    assert settings.item_origins["channels"]["c0"] == str(tmp_path / "root" / ".condarc")


@pytest.mark.parametrize(
    ("low", "high", "merged"),
    [
        ("[a, b]", "[c]", ["c", "a", "b"]),
        ("[a, b]", "[b, c]", ["b", "c", "a"]),
        ("[a, b]", "~", ["a", "b"]),
        ("\n- a #!top\n- b", "[c]", ["a", "c", "b"]),
        ("\n- a #!top", "\n- c #!top\n- d", ["a", "c", "d"]),
        ("[a]", "\n- c #!bottom\n- d", ["d", "a", "c"]),
        ("\n- a #!bottom\n- b", "\n- c #!bottom\n- d", ["d", "b", "c", "a"]),
        ("\n- a #!top", "\n- a #!bottom\n- b", ["b", "a"]),
        (" #!final\n- a", "[c]", ["a"]),
        ("[a]", " #!final\n- c", ["c", "a"]),
        ("[a, b] #!final", "[c]", ["a", "b"]),
    ],
)
def test_lists_of_two_files(config_load: Load, low: str, high: str, merged: list[str]) -> None:
    files = {"home/.conda/.condarc": f"channels:{low}", "home/.condarc": f"channels:{high}"}
    files = {name: content.replace(":[", ": [").replace(":~", ": ~") for name, content in files.items()}
    assert list(config_load(files).channels) == merged


@pytest.mark.parametrize(
    ("low", "high", "effective", "winner"),
    [
        ("strict", "flexible", "flexible", "home/.condarc"),
        ("disabled #!final", "flexible", "disabled", "home/.conda/.condarc"),
        ("disabled", "nonsense", "disabled", "home/.conda/.condarc"),
        ("disabled", "~", "disabled", "home/.conda/.condarc"),
        ("strict", "false", "disabled", "home/.condarc"),
    ],
)
def test_single_values_of_two_files(
    config_load: Load, tmp_path: Path, low: str, high: str, effective: str, winner: str
) -> None:
    settings = config_load(
        {"home/.conda/.condarc": f"channel_priority: {low}", "home/.condarc": f"channel_priority: {high}"}
    )
    assert settings.channel_priority == effective
    assert settings.origins["channel_priority"] == str(tmp_path / winner)


def test_maps_are_merged_by_key(config_load: Load) -> None:
    settings = config_load(
        {
            "home/.conda/.condarc": "proxy_servers:\n  http: low\n  https: low #!final\n  ftp: low\n",
            "home/.condarc": "proxy_servers:\n  http: high$X\n  https: high\n  ftp: ~\n",
        },
        X="!",
    )
    assert settings.proxy_servers == {"http": "high!", "https": "low"}


def test_lists_in_a_map_are_joined(config_load: Load) -> None:
    settings = config_load(
        {
            "home/.conda/.condarc": "custom_multichannels: {site: [a], locked: [x]}",
            "home/.condarc": "custom_multichannels: {site: [b], other: [c]}",
        }
    )
    assert settings.custom_multichannels == {"site": ("b", "a"), "locked": ("x",), "other": ("c",)}
    assert settings.channel_urls("site") == (f"{ALIAS}/b", f"{ALIAS}/a")


def test_variables_outrank_files_but_not_a_final_mark(config_load: Load) -> None:
    assert config_load("offline: false", CONDA_OFFLINE="yes").offline is True
    assert config_load("offline: false #!final", CONDA_OFFLINE="yes").offline is False
    assert config_load("offline: true", CONDA_OFFLINE="").offline is True


def test_variables_of_each_kind(config_load: Load) -> None:
    settings = config_load(
        "",
        CONDA_PINNED_PACKAGES="python=3.12&numpy<2,>1",
        CONDA_CREATE_DEFAULT_PACKAGES="ipykernel, pip",
        CONDA_CHANNEL_ALIAS="https://$HOST/",
        HOST="mirror.example",
        CONDA_PROXY_SERVERS="http://x",
    )
    assert settings.pinned_packages == ("python=3.12", "numpy<2,>1")
    assert settings.create_default_packages == ("ipykernel", "pip")
    assert settings.channel_alias == "https://mirror.example"
    (problem,) = settings.problems
    assert problem.details == {"origin": "CONDA_PROXY_SERVERS"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("No", False), ("0", False), ("truststore", "truststore"), ("'~/ca.pem'", "~/ca.pem")],
)
def test_ssl_verify(config_load: Load, home: Path, text: str, value: bool | str) -> None:
    (home / "ca.pem").touch()
    expected = str(home / "ca.pem") if value == "~/ca.pem" else value
    assert config_load(f"ssl_verify: {text}").ssl_verify == expected


def test_an_empty_ssl_verify_does_not_switch_it_off(config_load: Load) -> None:
    assert config_load("ssl_verify:\n", CONDA_SSL_VERIFY="").ssl_verify is True


def test_default_channels_of_a_site_are_used_without_channels(config_load: Load) -> None:
    settings = config_load("default_channels: [http://mirror.example/main]")
    assert settings.channels == ("defaults",)
    assert settings.channel_urls("defaults") == ("http://mirror.example/main",)


@pytest.mark.parametrize(
    ("content", "line", "name"),
    [
        ("channels: conda-forge\n", 1, "channels"),
        ("x: 1\noffline: perhaps\n", 2, "offline"),
        ("channels:\n  - a\n  - {b: c}\n", 3, "channels"),
        ("channels:\n  - a\n  -\n", 3, "channels"),
        ("\nproxy_servers: [a]\n", 2, "proxy_servers"),
        ("custom_multichannels:\n  a: b\n", 2, "custom_multichannels.a"),
        ("channel_alias: conda.anaconda.org\n", 1, "channel_alias"),
        ("ssl_verify: /no/such.pem\n", 1, "ssl_verify"),
        ("offline: [true]\n", 1, "offline"),
        ("envs_dirs: [/a]\nenvs_path: [/b]\n", 2, "envs_dirs"),
    ],
)
def test_a_bad_value_is_ignored_with_its_line_and_the_rest_works(
    config_load: Load, home: Path, content: str, line: int, name: str
) -> None:
    settings = config_load(content + "pinned_packages: [python]\n")
    assert settings.pinned_packages == ("python",)
    (problem,) = settings.problems
    assert problem.code == "config_value"
    assert problem.details == {"file": str(home / ".condarc"), "line": line}
    assert problem.message.startswith(f"{home / '.condarc'}, line {line}: {name} ")
    assert "channels" not in settings.origins or settings.channels in (("conda-forge",), ("a",))


def test_a_broken_file_leaves_the_others_working(config_load: Load, tmp_path: Path) -> None:
    settings = config_load({"home/.conda/.condarc": "channels: [a]", "home/.condarc": "channels:\n\t- b\n"})
    assert settings.channels == ("a",)
    (problem,) = settings.problems
    assert problem.details == {"file": str(tmp_path / "home" / ".condarc"), "line": 2}


def test_a_bad_value_with_credentials_does_not_spread_them(config_load: Load) -> None:
    settings = config_load("offline: https://me:s3cret@host\nssl_verify: https://me:s3cret@host\n")
    assert len(settings.problems) == 2
    assert "s3cret" not in repr(settings.problems)


# Channels

SITE = """
channel_alias: https://me:pw@conda.site.example/pre/
custom_channels:
  lab: https://conda.lab.example/t/tk-1/deep
  folder: /data/channels
custom_multichannels:
  trio: [https://one.example/a, two, https://u:p@three.example/t/tk-3/c]
default_channels: [https://repo.example/pkgs/main]
"""


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        ("conda-forge", ["https://me:pw@conda.site.example/pre/conda-forge"]),
        ("conda-forge/linux-64", ["https://me:pw@conda.site.example/pre/conda-forge"]),
        ("conda-forge/label/dev/", ["https://me:pw@conda.site.example/pre/conda-forge/label/dev"]),
        ("lab", ["https://conda.lab.example/deep/t/tk-1/lab"]),
        ("lab/sub", ["https://conda.lab.example/deep/t/tk-1/lab/sub"]),
        ("folder", ["file:///data/channels/folder"]),
        ("defaults", ["https://repo.example/pkgs/main"]),
        ("pkgs/main", ["https://repo.example/pkgs/main"]),
        (
            "trio",
            [
                "https://one.example/a",
                "https://me:pw@conda.site.example/pre/two",
                "https://u:p@three.example/t/tk-3/c",
            ],
        ),
        ("https://x.example/a/b/", ["https://x.example/a/b"]),
        ("https://x.example/a/noarch", ["https://x.example/a"]),
        ("https://x.example/t/tk-9/a/linux-64", ["https://x.example/t/tk-9/a"]),
        ("HTTPS://X.example/a", ["https://x.example/a"]),
        ("https://conda.site.example/pre/z", ["https://me:pw@conda.site.example/pre/z"]),
        ("http://conda.site.example/pre/z", ["http://conda.site.example/pre/z"]),
        ("https://you:own@conda.site.example/pre/z", ["https://you:own@conda.site.example/pre/z"]),
        ("https://conda.site.example/prefix/z", ["https://conda.site.example/prefix/z"]),
        ("/data/my channel/", ["file:///data/my%20channel"]),
        ("file:///data/t/x/ch", ["file:///data/t/x/ch"]),
        ("nodefaults", []),
    ],
)
def test_a_channel_becomes_its_urls(config_load: Load, name: str, urls: list[str]) -> None:
    assert list(config_load(SITE).channel_urls(name)) == urls


def test_a_local_channel_may_be_in_the_home_folder(config_load: Load, home: Path) -> None:
    (home / "conda-bld").mkdir()
    settings = config_load("")
    assert settings.channel_urls("~/ch") == ((home / "ch").as_uri(),)
    assert settings.channel_urls("local") == ((home / "conda-bld").as_uri(),)


@pytest.mark.parametrize("name", ["", "  ", "./here", "../there", "/noarch/.."])
def test_what_is_no_channel_is_refused_or_harmless(config_load: Load, name: str) -> None:
    settings = config_load("")
    if name.startswith("/"):
        assert settings.channel_urls(name) == ("file://",)
        return
    with pytest.raises(Invalid) as caught:
        settings.channel_urls(name)
    assert caught.value.field == "channels"


@given(st.text())
@example("A://")
def test_any_channel_gives_urls_or_a_clear_refusal(name: str) -> None:
    settings = config.load({}, Path("/home/nobody"), Path("/nowhere"))
    try:
        urls = settings.channel_urls(name)
    except Invalid:
        return
    assert all("://" in url and not url.removeprefix("file://").endswith("/") for url in urls)


def test_the_denylist_says_which_file_forbids(config_load: Load, tmp_path: Path) -> None:
    settings = config_load(
        {"home/.conda/.condarc": "denylist_channels: [defaults]", "home/.condarc": "denylist_channels: [bad]"}
    )
    settings.check_channel_allowed("conda-forge")
    with pytest.raises(NotAllowed, match=re.escape(str(tmp_path / "home/.conda/.condarc"))) as caught:
        settings.check_channel_allowed("https://u:s3cret@repo.anaconda.com/pkgs/main/linux-64")
    assert caught.value.field == "channels"
    assert "s3cret" not in repr(caught.value.problem())


@pytest.mark.parametrize(
    "name",
    [
        "bad",
        "bad/",
        "bad/noarch",
        "http://conda.anaconda.org/bad",
        "https://CONDA.anaconda.org:443/bad",
        "https://conda.anaconda.org./x/../%62ad//",
        "https://conda.anaconda.org/t/tk-1/bad",
        "mixed",
    ],
)
def test_a_denied_channel_is_denied_however_it_is_spelt(config_load: Load, name: str) -> None:
    settings = config_load("denylist_channels: [bad]\ncustom_multichannels: {mixed: [good, bad]}")
    settings.check_channel_allowed("good")
    with pytest.raises(NotAllowed):
        settings.check_channel_allowed(name)


def test_the_allowlist_lets_only_its_own_through(config_load: Load, home: Path) -> None:
    settings = config_load("whitelist_channels: [conda-forge, defaults, https://x.example/a]")
    for name in ("conda-forge", "defaults", "pkgs/r", "https://me:pw@x.example/a/", f"{ALIAS}/conda-forge"):
        settings.check_channel_allowed(name)
    for name in ("bioconda", "http://x.example/a", "https://x.example/a/b", "/data/ch"):
        with pytest.raises(NotAllowed, match=re.escape(str(home / ".condarc"))):
            settings.check_channel_allowed(name)


def test_an_allowlist_of_nonsense_allows_nothing(config_load: Load) -> None:
    with pytest.raises(NotAllowed):
        config_load("allowlist_channels: [./here]").check_channel_allowed("conda-forge")


# Credentials


def test_public_settings_and_repr_hold_no_credentials(config_load: Load) -> None:
    settings = config_load(SITE + "proxy_servers: {http: 'me:pw@proxy:80', 'https://me:pw@h': x}\n")
    public = msgspec.json.encode(settings.public_settings()).decode()
    for text in (public, repr(settings)):
        assert not re.search(r"pw|tk-\d|u:p@", text)
    assert {s["name"]: s["value"] for s in json.loads(public)}["custom_channels"]["lab"] == (
        "https://conda.lab.example/t/***/deep"
    )


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("https://u:p@host/x", "https://***@host/x"),
        ("https://token@host", "https://***@host"),
        ("see https://u:p@a.b and s3://k:s@c!", "see https://***@a.b and s3://***@c!"),
        ("https://u:p@ss@host/x", "https://***@host/x"),
        ("https://u:pa/ss@host/x", "https://***@host/x"),
        ("https://host/t/tk-12/conda-forge", "https://host/t/***/conda-forge"),
        ("GET /t/tk-12/x", "GET /t/***/x"),
        ("https://host/x?token=abc&v=1", "https://host/x?token=***&v=1"),
        ("https://host/x?X-Amz-Signature=abc#top", "https://host/x?X-Amz-Signature=***#top"),
        ("https://host/x?a=1&api_key=abc", "https://host/x?a=1&api_key=***"),
        ("proxy me:pw@corp:8080", "proxy ***@corp:8080"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('{"a":"https://u:p@h","b":"x@y"}', '{"a":"https://***@h","b":"x@y"}'),
        ('{"a":"https://h","b":"x@y"}', '{"a":"https://h","b":"x@y"}'),
    ],
)
def test_redact_hides_credentials(text: str, public: str) -> None:
    assert redact(text) == public


@pytest.mark.parametrize(
    "text",
    [
        "https://conda.anaconda.org/conda-forge",
        "tokenizers=0.15",
        "conda-forge::python=3.12",
        "git@github.com:a/b.git",
        "/home/me/envs/x",
        "numpy>=1,<2 at 12:30",
        "someone@example.org",
    ],
)
def test_redact_leaves_the_rest_alone(text: str) -> None:
    assert redact(text) == text


VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Zs", "Cc")), max_size=20)


@given(st.text(), VISIBLE.filter(lambda text: '"' not in text), VISIBLE, st.text())
def test_no_password_survives(before: str, password: str, path: str, after: str) -> None:
    secret = f"{password}S3CR3T"
    for text in (f"{before} https://me:{secret}@host/{path} {after}", f"{before} ftp://{secret}@host {after}"):
        assert "S3CR3T" not in redact(text) or "/" in secret.split("S3CR3T")[0]


@given(st.text(), st.text(st.sampled_from("abcXYZ019-_.~%"), min_size=1), st.text())
def test_no_token_survives(before: str, token: str, after: str) -> None:
    secret = f"S3CR3T{token}"
    for text in (f"{before} https://host/t/{secret}/ch {after}", f"{before} https://host/?token={secret} {after}"):
        assert "S3CR3T" not in redact(text)


@given(st.text())
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


# Reading again


def test_the_source_reads_again_when_a_file_changes(tmp_path: Path, home: Path) -> None:
    source = SettingsSource({}, home, tmp_path / "server")
    first = source.current()
    assert source.current() is first
    (home / ".condarc").write_text("channels: [a]")
    assert source.current().channels == ("a",)
    (home / ".condarc").write_text("channels: [b]")
    assert source.current().channels == ("b",)
    (home / ".condarc").unlink()
    assert source.current().channels == ("conda-forge",)


def test_the_source_sees_files_in_condarc_d(tmp_path: Path, home: Path) -> None:
    source = SettingsSource({}, home, tmp_path / "server")
    source.current()
    folder = home / ".conda" / "condarc.d"
    folder.mkdir(parents=True)
    assert source.current().channels == ("conda-forge",)
    (folder / "a.yml").write_text("channels: [a]")
    assert source.current().channels == ("a",)
    (folder / "a.yml").write_text("channels: [longer]")
    assert source.current().channels == ("longer",)


def test_an_unchanged_source_is_cheap(tmp_path: Path, home: Path) -> None:
    (home / ".condarc").write_text("channels: [a]")
    source = SettingsSource({}, home, make_root(tmp_path / "root"))
    source.current()
    started = time.perf_counter()
    for _ in range(200):
        source.current()
    # 0.05 ms on a local disk; the limit leaves room for a busy machine.
    assert (time.perf_counter() - started) / 200 < 0.005


def test_overrides_replace_what_conda_says(tmp_path: Path, home: Path) -> None:
    (home / ".condarc").write_text("channels: [a] #!final\nenvs_dirs: [/x]\noffline: true")
    overrides = {"channels": ["site"], "envs_dirs": [tmp_path / "envs"], "offline": False, "ssl_verify": "perhaps"}
    settings = SettingsSource({}, home, tmp_path / "server", overrides).current()
    assert settings.channels == ("site",)
    assert settings.envs_dirs == (tmp_path / "envs",)
    assert settings.offline is False
    assert settings.origins["channels"] == "server configuration"
    assert [problem.details for problem in settings.problems] == [{"origin": "server configuration"}]


# Files found in the wild

SEEN = ("channels", "default_channels", "create_default_packages")


def shared_cases() -> list[dict[str, str]]:
    if not (SHARED / "index.tsv").is_file():
        return []
    with (SHARED / "index.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("case", shared_cases() or [None], ids=lambda case: case["file"] if case else "none")
def test_real_files_read_as_expected(config_load: Load, home: Path, case: dict[str, str] | None) -> None:
    if case is None:
        pytest.skip("the shared condarc samples are not here")
    settings = config_load((SHARED / case["file"]).read_text(encoding="utf-8"))
    verdict, _, rest = case["expected"].partition(": ")
    if verdict == "error":
        assert [problem.details["file"] for problem in settings.problems] == [str(home / ".condarc")]
        return
    expected = json.loads(rest)
    assert settings.problems == ()
    for name in SEEN:
        if name in expected:
            assert list(getattr(settings, name)) == expected[name]
    for name in ("envs_dirs", "pkgs_dirs"):
        folders = [Path(folder.replace("~", str(home))) for folder in expected.get(name, [])]
        assert list(getattr(settings, name))[: len(folders)] == folders
    assert settings.proxy_servers == expected.get("proxy_servers", {})
    assert all(settings.channel_urls(channel) for channel in settings.channels)
    assert "user:pass" not in repr(settings.public_settings())


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mirror.example.org/x/conda-forge", "conda-forge"),
        ("https://mirror.example.org/x/conda-forge/label/dev", "conda-forge/label/dev"),
        ("https://conda.anaconda.org/t/tk-secret/bioconda", "bioconda"),
        ("https://repo.anaconda.com/pkgs/main", "pkgs/main"),
        ("https://ann:secret@elsewhere.example.org/ours", "https://elsewhere.example.org/ours"),
        ("file:///srv/channel", "file:///srv/channel"),
        ("conda-forge", "conda-forge"),
    ],
)
def test_a_url_gets_the_name_that_leads_to_it(url: str, name: str) -> None:
    names = ChannelNames(
        "https://conda.anaconda.org",
        {"conda-forge": "https://ann:secret@mirror.example.org/x"},
        {"defaults": ["https://repo.anaconda.com/pkgs/main"]},
        Path("/home/ann"),
    )
    assert names.name_of(url) == name
