"""``POST files/read``, and a preview from a file, on a real Jupyter server."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from test_handlers import Fetch, home, jp_server_config, no_job_outlives_its_test, problem

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


async def test_a_preview_of_a_broken_file_is_refused_with_its_line(jp_fetch: Fetch) -> None:
    source = {"type": "file", "format": "", "content": BROKEN}
    code, said = await problem(post(jp_fetch, "environments/preview", {"name": "one", "source": source}))
    assert (code, said.field, said.details["line"]) == (400, "source", 4)
    assert [one["details"]["line"] for one in said.details["problems"]] == [4, 5]
