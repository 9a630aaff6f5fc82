"""What does a notebook see whose kernel cannot start? A kernel that answers every cell with what is wrong.

    python -m jupyter_envmanager.kernels.explaining -f CONNECTION_FILE

`provisioner` starts it in place of the kernel, with the case in a file that a variable names. The answer to a cell is
rich output of the type ``application/vnd.jupyter-envmanager.problem+json``, for a frontend that has the button::

    {"code", "message", "hint", "prefix", "kernel", "remedy", "output"}

All of it is text; ``remedy`` is a `models.KernelRemedy`, "create", or empty where nothing helps with one click. HTML
and plain text are for any other frontend. The reply is an error, so that “Run All” stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from concurrent.futures import Future
from html import escape
from pathlib import Path
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from jupyter_core.paths import jupyter_runtime_dir

from .. import __version__
from .check import check_kernel
from .provisioner import VARIABLE

MIME = "application/vnd.jupyter-envmanager.problem+json"
_LOOK_SECONDS = 30.0
_PYTHON: dict[str, object] = {
    "name": "python",
    "mimetype": "text/x-python",
    "file_extension": ".py",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
}


def problem_of(case: dict[str, Any]) -> dict[str, Any]:
    """The problem to show. Where the case asks for it, the kernel is tried once more to find out why it dies."""
    keys = ("code", "message", "hint", "prefix", "kernel", "remedy")
    problem = {**{key: str(case.get(key) or "") for key in keys}, "output": ""}
    if not case.get("look"):
        return problem
    folder = case.get("folder")
    prefix = Path(case.get("prefix") or "/")
    content = _resolved(case["spec"], case["resources"])
    check = check_kernel(content, prefix, _LOOK_SECONDS, folder=Path(folder) if folder else None)
    problem["output"] = check.output
    if check.problem is not None and check.seconds is None:
        details = check.problem.details
        return {
            **problem,
            "message": check.problem.message,
            "hint": check.problem.hint,
            "remedy": details.get("remedy") or problem["remedy"],
        }
    return {**problem, "hint": "It did start in a new try: restart the kernel."}


def _resolved(spec: dict[str, Any], resources: str) -> dict[str, Any]:
    """The spec with the place of its folder filled in, which a mere kernel.json does not know."""
    return {**spec, "argv": [word.replace("{resource_dir}", resources) for word in spec.get("argv", [])]}


def shown(problem: dict[str, Any], display_name: str) -> dict[str, Any]:
    """A problem as a MIME bundle; whatever a kernel wrote is text in it."""
    output = problem["output"].strip()
    html = [
        f"<p><b>{escape(display_name)}</b>: {escape(problem['message'])}</p>",
        f"<p>{escape(problem['hint'])}</p>",
    ]
    if output:
        html.append(f"<details><summary>Output of the kernel</summary><pre>{escape(output)}</pre></details>")
    lines = [f"{display_name}: {problem['message']}", problem["hint"], *(["", output] if output else [])]
    return {MIME: problem, "text/html": "\n".join(html), "text/plain": "\n".join(lines)}


def _handed_over() -> dict[str, Any]:
    """The case; its file is removed."""
    name = os.environ.pop(VARIABLE, "")
    case: dict[str, Any] = {}
    if name:
        with contextlib.suppress(OSError, ValueError):
            case = json.loads(Path(name).read_text(encoding="utf-8"))
        with contextlib.suppress(OSError):
            Path(name).unlink()
    return case


class ExplainingKernel(Kernel):
    """Runs nothing, and says why."""

    implementation = "jupyter_envmanager"
    implementation_version = __version__
    case: dict[str, Any]
    found: Future[dict[str, Any]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.case = _handed_over()
        self.case.setdefault("message", "The kernel cannot start.")
        self.case.setdefault("hint", "Look at the server's log.")
        language = str(self.case.get("language") or "")
        plain: dict[str, object] = {"name": language or "text", "mimetype": "text/plain", "file_extension": ".txt"}
        # Notebooks keep this as their own, and it must not spoil them: a Python notebook stays one.
        self.language_info = _PYTHON if language.lower() == "python" else plain
        self.banner = f"{self._display_name}: {self.case['message']} {self.case['hint']}"
        self.found = Future()
        # A test start takes a second or more; the answer to the first cell may be ready before it is asked for.
        self.finding = threading.Thread(target=self._find, daemon=True)
        self.finding.start()

    @property
    def _display_name(self) -> str:
        return str(self.case.get("display_name") or self.case.get("kernel") or "Kernel")

    def _find(self) -> None:
        try:
            self.found.set_result(problem_of(self.case))
        except Exception as error:  # whatever it is, what is known already is better than silence
            self.log.warning("The kernel could not be tried: %s", error)
            self.found.set_result(problem_of({**self.case, "look": False}))

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, Any] | None = None,
        allow_stdin: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """Show the problem, and fail."""
        problem = await asyncio.wrap_future(self.found)
        if not silent:
            content = {"data": shown(problem, self._display_name), "metadata": {}}
            self.send_response(self.iopub_socket, "display_data", content)  # type: ignore[no-untyped-call]
        return {"status": "error", "ename": "KernelProblem", "evalue": problem["message"], "traceback": []}

    def pre_handler_hook(self) -> None:
        """Leave SIGINT ignored, as ipykernel has set it: there is nothing to interrupt, and the kernel must live."""

    def post_handler_hook(self) -> None:
        """Nothing to set back."""


def main() -> None:
    """Run until the server asks for the end."""
    # IPython's folder may be what is broken; the kernel's own test start gets the user's.
    folder = Path(jupyter_runtime_dir()) / "envmanager-explaining"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        arguments = [*sys.argv[1:], f"--IPKernelApp.ipython_dir={folder}"]
        IPKernelApp.launch_instance(arguments, kernel_class=ExplainingKernel)
    finally:
        _end_test_start(IPKernelApp.instance().kernel)


def _end_test_start(kernel: ExplainingKernel | None) -> None:
    """A test start that still waits must not outlive us; its kernel has a session of its own."""
    if kernel is None or kernel.found.done():
        return
    with contextlib.suppress(ImportError):
        import psutil

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    kernel.finding.join(timeout=1)


if __name__ == "__main__":
    main()
