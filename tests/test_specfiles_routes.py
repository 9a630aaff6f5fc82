"""``POST files/read``, and a preview from a file, on a real Jupyter server."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from test_handlers import Fetch, home, jp_server_config, no_job_outlives_its_test, problem

from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.models import FileContent

__all__ = ["home", "jp_server_config", "no_job_outlives_its_test"]

BROKEN = "name: a\ndependencies:\n  - tiny\n  - 1.0\n  - tiny=>2\n"


async def post(jp_fetch: Fetch, path: str, body: Any) -> Any:
    return await jp_fetch("envmanager", *path.split("/"), method="POST", body=json.dumps(body))


async def test_a_file_is_read_with_all_its_problems(jp_fetch: Fetch) -> None:
    answer = await post(jp_fetch, "files/read", {"content": BROKEN, "filename": "environment.yml"})
    content = msgspec.json.decode(answer.body, type=FileContent)
    assert (content.name, content.usable) == ("a", False)
    assert [one.details["line"] for one in content.problems] == [4, 5]


LOCKS = {
    "conda-lock.yml": """version: 1
metadata:
  content_hash: {osx-arm64: abc}
  channels:
  - {url: https://packages.example/lab, used_env_vars: []}
  platforms:
  - osx-arm64
  sources: [environment.yml]
package:
- name: foo
  version: '1.0'
  manager: conda
  platform: osx-arm64
  dependencies: {}
  url: https://packages.example/lab/osx-arm64/foo-1.0-0.conda
  hash: {md5: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a}
  category: main
  optional: false
""",
    "pixi.lock": """version: 6
environments:
  default:
    channels:
    - url: https://packages.example/lab/
    packages:
      osx-arm64:
      - conda: https://packages.example/lab/osx-arm64/foo-1.0-0.conda
packages:
- conda: https://packages.example/lab/osx-arm64/foo-1.0-0.conda
  md5: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a
""",
}


async def test_a_lock_for_another_platform_is_named_at_its_line(jp_fetch: Fetch) -> None:
    other = "linux-64" if platform() == "osx-arm64" else "osx-arm64"
    for (filename, text), line in zip(LOCKS.items(), (6, 6), strict=True):
        body = {"content": text.replace("osx-arm64", other), "filename": filename}
        content = msgspec.json.decode((await post(jp_fetch, "files/read", body)).body, type=FileContent)
        assert not content.usable
        ((message, hint, found),) = [(one.message, one.hint, one.details["line"]) for one in content.problems]
        assert (message, found) == (f"The lock is for {other}, and this machine is {platform()}.", line)
        assert hint == f"Add {platform()} to the platforms of its project and write the lock again."


async def test_the_name_of_a_package_stays_as_it_is_at_the_beginning_of_a_message(jp_fetch: Fetch) -> None:
    body = {"content": "@EXPLICIT\nhttp://packages.example/lab/noarch/foo-1.0-0.conda\n", "filename": "explicit.txt"}
    content = msgspec.json.decode((await post(jp_fetch, "files/read", body)).body, type=FileContent)
    assert [one.message.partition(" ")[0] for one in content.problems] == ["foo:"]


async def test_what_is_no_channel_is_not_listed(jp_fetch: Fetch) -> None:
    text = "channels: [conda-forge, nodefaults]\ndependencies: [tiny]\n"
    answer = await post(jp_fetch, "files/read", {"content": text, "filename": "environment.yml"})
    assert msgspec.json.decode(answer.body, type=FileContent).channels == ["conda-forge"]


async def test_a_preview_of_a_broken_file_is_refused_with_its_line(jp_fetch: Fetch) -> None:
    source = {"type": "file", "format": "", "content": BROKEN}
    code, said = await problem(post(jp_fetch, "environments/preview", {"name": "one", "source": source}))
    assert (code, said.field, said.details["line"]) == (400, "source", 4)
    assert [one["details"]["line"] for one in said.details["problems"]] == [4, 5]
