"""Every type that goes over the wire, once.

Frozen, keyword-only msgspec structs: decoding *is* validation. ``scripts/generate_types`` prints the JSON Schema of
this module and turns it into ``src/_models.ts``; the test run fails when that file is stale.

Units: sizes are bytes, times are seconds since the epoch, progress is 0..1.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

EnvironmentKind = Literal["named", "path", "group", "base", "venv"]
EnvironmentState = Literal["ready", "building", "broken"]
JobState = Literal["queued", "waiting", "running", "succeeded", "failed", "cancelled", "lost"]
Phase = Literal["solve", "download", "link", "pypi", "verify", "swap", "kernel", "bytecode", "remove", "pack"]
Manager = Literal["conda", "pypi"]
Operation = Literal["install", "remove", "upgrade", "downgrade", "rebuild"]
JobAction = Literal["create", "change", "rollback", "remove", "pack"]
CheckState = Literal["pending", "running", "passed", "failed"]
KernelScope = Literal["me", "group", "server", "site"]
KernelRemedy = Literal["register", "install", "rename", "remove"]
GpuState = Literal["running", "works", "cannot_see", "cpu_build", "not_checkable", "failed"]
SpecFormat = Literal["environment.yml", "requirements.txt", "pyproject.toml", "explicit", "conda-lock", "pixi.lock"]
ExportFormat = Literal[
    "environment.yml",
    "no-builds",
    "from-history",
    "cross-platform",
    "explicit",
    "requirements.txt",
    "pixi.lock",
    "conda-lock",
    "dockerfile",
    "apptainer",
    "job",
]
GroupAccess = Literal["read", "write"]
ArchiveFormat = Literal["tar.gz", "tar.zst", "zip"]
Relaxed = Literal["build", "patch", "version"]
DifferenceKind = Literal["only_here", "only_there", "version", "build", "channel", "value"]
GpuTargetOrigin = Literal["machine", "site", "cpu", "custom"]


class _Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all wire types."""


class Request(_Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what clients send: a misspelt field is an error, not silence."""


class Problem(_Wire, frozen=True, kw_only=True):
    """An error or a warning, as a person reads it.

    ``field`` names the request field at fault, where there is one.
    """

    code: str
    message: str
    hint: str = ""
    field: str | None = None
    details: dict[str, Any] = {}


class Setting(_Wire, frozen=True, kw_only=True):
    """One effective value of conda's configuration and where it comes from.

    ``origin`` is a file's path, an environment variable's name, or ``default``.
    """

    name: str
    value: Any
    origin: str


class Location(_Wire, frozen=True, kw_only=True):
    """A folder that may hold environments.

    ``group`` names the Unix group that a shared location is for, None for one that is not shared; ``access`` says
    whether its members may change what is there, or only use it.
    """

    path: str
    label: str
    writable: bool
    exists: bool
    default: bool = False
    free: int | None = None
    free_files: int | None = None
    group: str | None = None
    access: GroupAccess | None = None


class Policy(_Wire, frozen=True, kw_only=True):
    """What this site allows; ``file_urls`` are the beginnings of addresses that files may be fetched from."""

    allowed_roots: list[str]
    allowlist_channels: list[str] = []
    denylist_channels: list[str] = []
    keep_generations: int = 3
    run_link_scripts: bool = False
    file_urls: list[str] = []


class Status(_Wire, frozen=True, kw_only=True):
    """What the panel needs before anything else; ``offline`` says that only the caches are asked."""

    version: str
    engine: str
    platform: str
    channels: list[str]
    locations: list[Location]
    server_prefix: str
    server_root: str
    policy: Policy
    settings: list[Setting] = []
    problems: list[Problem] = []
    offline: bool = False


class Language(_Wire, frozen=True, kw_only=True):
    """A language an environment can run, e.g. ``Python`` ``3.12.4``."""

    name: str
    version: str


class Environment(_Wire, frozen=True, kw_only=True):
    """An environment; ``id`` is the first 16 hex digits of sha256(realpath(prefix)).

    ``packages`` counts conda packages. ``size`` is None until it has been measured. ``protected`` environments
    (base, the one that runs the server) refuse removal for the reason in ``protected_reason``. ``problem`` says what
    is wrong with a broken one. ``job`` is the id of the job that works on it now. ``unchangeable`` says why packages
    cannot be changed here (protected, frozen, read only, a venv …), and is empty where they can. ``frozen`` ones carry
    the marker of CEP 22 (https://github.com/conda/ceps/blob/main/cep-0022.md). ``gpu`` is what the last GPU check
    found, ``gpu_checked`` when that was; it is ``gpu_outdated`` when packages have changed since. ``owner`` is the
    name of the user it belongs to, ``group`` the Unix group that it is shared with, None where it is not.
    """

    id: str
    name: str
    prefix: str
    kind: EnvironmentKind
    location: str
    python: str | None = None
    languages: list[Language] = []
    packages: int = 0
    size: int | None = None
    writable: bool = True
    protected: bool = False
    protected_reason: str = ""
    state: EnvironmentState = "ready"
    problem: Problem | None = None
    kernels: list[str] = []
    cuda: str | None = None
    modified: float | None = None
    job: str | None = None
    frozen: bool = False
    unchangeable: str = ""
    gpu: GpuState | None = None
    gpu_checked: float | None = None
    gpu_outdated: bool = False
    owner: str = ""
    group: str | None = None


class Environments(_Wire, frozen=True, kw_only=True):
    """All environments, and what kept us from reading some of them."""

    environments: list[Environment]
    problems: list[Problem] = []


class Package(_Wire, frozen=True, kw_only=True):
    """An installed package.

    ``requested`` ones were asked for, with ``spec`` where that is known; the others are there because the packages in
    ``needed_by`` need them. ``pinned`` is the spec of ``conda-meta/pinned`` that holds it. ``shadowed_by`` says that a
    PyPI package of this version has overwritten the conda package. ``damaged`` ones have a record or files that are
    not whole, as far as that is seen without reading every file.
    """

    name: str
    version: str
    build: str = ""
    channel: str = ""
    manager: Manager = "conda"
    requested: bool = False
    spec: str | None = None
    needed_by: list[str] = []
    pinned: str | None = None
    shadowed_by: str | None = None
    damaged: bool = False
    size: int | None = None


class Packages(_Wire, frozen=True, kw_only=True):
    """The installed packages of one environment, and the records that could not be read."""

    packages: list[Package]
    problems: list[Problem] = []


class PackageUpdate(_Wire, frozen=True, kw_only=True):
    """A newer version that a channel or the index has; whether it fits is for a preview to say."""

    name: str
    version: str
    manager: Manager = "conda"
    channel: str = ""


class PackageUpdates(_Wire, frozen=True, kw_only=True):
    """What is newer than what is installed, and the channels that did not answer."""

    updates: list[PackageUpdate]
    problems: list[Problem] = []


class Health(_Wire, frozen=True, kw_only=True):
    """Whether the files of an environment are the ones that its packages brought.

    ``damaged`` names the packages that a repair would link again; ``problems`` says what is wrong with each. ``files``
    counts what was compared, ``seconds`` how long it took.
    """

    problems: list[Problem]
    damaged: list[str]
    files: int
    seconds: float


class PackageHit(_Wire, frozen=True, kw_only=True):
    """A search result; what is known of it without a download: ``version`` is the newest one, ``size`` in bytes."""

    name: str
    version: str | None = None
    channel: str = ""
    manager: Manager = "conda"
    summary: str | None = None
    license: str | None = None
    size: int | None = None


class PackageHits(_Wire, frozen=True, kw_only=True):
    """Search results, best first; ``total`` counts all matches, also those that were cut off."""

    packages: list[PackageHit]
    total: int
    problems: list[Problem] = []


class PackageBuild(_Wire, frozen=True, kw_only=True):
    """One build of a version."""

    version: str
    build: str
    channel: str
    size: int | None = None
    timestamp: float | None = None
    depends: list[str] = []


class PackageInfo(_Wire, frozen=True, kw_only=True):
    """What the channels, or the Python package index, offer of one package; ``versions`` newest first."""

    name: str
    versions: list[str]
    builds: list[PackageBuild]
    license: str | None = None
    manager: Manager = "conda"
    summary: str | None = None
    home: str | None = None


class KernelRequest(Request, frozen=True, kw_only=True):
    """The kernel to register with a new environment; both have good defaults."""

    display_name: str | None = None
    name: str | None = None


class SpecsSource(Request, frozen=True, kw_only=True, tag_field="type", tag="specs"):
    """Start from match specs such as ``python=3.12``; ``pypi`` takes PEP 508 requirements."""

    specs: list[str]
    pypi: list[str] = []


class FileSource(Request, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """Start from a file's content.

    An empty ``format`` (`SpecFormat`) is found out from ``content`` and ``filename``. ``relaxed`` maps specs, as the
    file has them, to the ones that are asked for instead (`Relaxation`).
    """

    format: str
    content: str
    filename: str = ""
    relaxed: dict[str, str] = {}


class CloneSource(Request, frozen=True, kw_only=True, tag_field="type", tag="clone"):
    """Start from a copy of another environment, by id."""

    environment: str


class ArchiveSource(Request, frozen=True, kw_only=True, tag_field="type", tag="archive"):
    """Start from a packed environment: the ``path`` of an archive on the server, absolute or relative to its root."""

    path: str


Source = SpecsSource | FileSource | CloneSource | ArchiveSource


class NewEnvironment(Request, frozen=True, kw_only=True):
    """A request for a new environment: a ``name`` in the default location, or a ``prefix`` (absolute folder).

    ``location`` picks another location for a name. ``gpu`` names the `GpuTarget` that it is for, ``machine`` by
    default. ``kernel`` null means: no kernel. ``accept`` holds the codes of problems that need an explicit yes
    (``overwrites_conda``, ``cpu_build``). ``plan`` is the id of a preview; creating with it applies exactly that plan.
    """

    source: Source
    name: str | None = None
    location: str | None = None
    prefix: str | None = None
    channels: list[str] | None = None
    gpu: str | None = None
    kernel: KernelRequest | None = msgspec.field(default_factory=lambda: KernelRequest())
    accept: list[str] = []
    plan: str | None = None


class PypiChange(Request, frozen=True, kw_only=True):
    """Python packages to change: requirement lines to ``install`` (PEP 508, VCS and URL requirements, ``-e`` and paths
    below the allowed roots), ``requirements`` files (absolute paths below the allowed roots), names to ``remove``.
    """

    install: list[str] = []
    requirements: list[str] = []
    remove: list[str] = []


class Change(Request, frozen=True, kw_only=True):
    """A request to change an environment.

    ``install`` takes match specs, ``update`` and ``remove`` names of installed packages of either kind; ``update``
    may be ``"all"``. ``pin`` takes match specs for ``conda-meta/pinned``, ``unpin`` names. ``repair`` names packages
    whose files are linked anew. ``gpu`` names the `GpuTarget` that the environment is for from now on, None keeps the
    one it has. ``accept`` holds the codes of problems that need an explicit yes (``overwrites_conda``, ``cpu_build``).
    ``plan`` is the id of a preview; with it exactly that plan is applied.

    ``source`` is a file, or another environment, that the environment is to become like: what it asks for is installed,
    exactly where it says exactly what. With ``prune`` everything else goes.
    """

    install: list[str] = []
    update: list[str] | Literal["all"] = []
    remove: list[str] = []
    pin: list[str] = []
    unpin: list[str] = []
    repair: list[str] = []
    pypi: PypiChange = msgspec.field(default_factory=lambda: PypiChange())
    gpu: str | None = None
    source: FileSource | CloneSource | None = None
    prune: bool = False
    accept: list[str] = []
    plan: str | None = None


class Rollback(Request, frozen=True, kw_only=True):
    """A request to make another generation the current one."""

    generation: int


class GpuProcess(_Wire, frozen=True, kw_only=True):
    """A process that uses a device; ``memory`` in bytes, None where the driver does not tell."""

    pid: int
    name: str = ""
    user: str = ""
    memory: int | None = None


class GpuInstance(_Wire, frozen=True, kw_only=True):
    """A part of a device that was split (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/)."""

    name: str
    uuid: str | None = None
    memory_total: int | None = None
    memory_free: int | None = None


class GpuDevice(_Wire, frozen=True, kw_only=True):
    """One device as NVML reports it; a field the driver does not support is None.

    ``utilization`` in percent. ``mig`` says that the device is split: only its ``instances`` can be used.
    ``processes`` is None where we may not see them.
    """

    index: int
    name: str
    uuid: str | None = None
    memory_total: int | None = None
    memory_free: int | None = None
    memory_used: int | None = None
    compute_capability: str | None = None
    utilization: int | None = None
    mig: bool = False
    instances: list[GpuInstance] = []
    processes: list[GpuProcess] | None = None


class GpuTarget(_Wire, frozen=True, kw_only=True):
    """The GPU that an environment is for; without ``cuda``, none.

    ``name`` identifies it in requests: ``machine``, ``cpu``, the name of a target of the site, or what the user has
    typed (``cuda=12.8`` or ``cuda=12.8,arch=9.0``). ``cuda`` is the newest CUDA version that its driver can run
    (conda's ``__cuda``), ``compute_capability`` the lowest of its devices (``__cuda_arch``,
    https://conda-forge.org/blog/2026/10/19/cuda-arch/), ``memory`` bytes of one device. ``detail`` says more of it in
    words.
    """

    name: str
    title: str
    origin: GpuTargetOrigin
    detail: str = ""
    cuda: str | None = None
    compute_capability: str | None = None
    memory: int | None = None


class GpuReport(_Wire, frozen=True, kw_only=True):
    """The GPUs of the machine that runs the server. No driver is a normal answer: ``available`` is false and
    ``message`` says what that means.

    ``cuda`` is the newest CUDA version that the driver can run, ``override`` the text of ``CONDA_OVERRIDE_CUDA`` where
    that is set. ``targets`` is what environments can be made for, this machine first.
    """

    available: bool
    message: str = ""
    driver: str | None = None
    cuda: str | None = None
    override: str | None = None
    devices: list[GpuDevice] = []
    targets: list[GpuTarget] = []
    problems: list[Problem] = []


class GpuRemedy(_Wire, frozen=True, kw_only=True):
    """A way out of a problem, as what it changes of the request; ``title`` is the text of its button.

    It comes in ``details["remedies"]`` of a `Problem`. ``remove`` and ``pypi_remove`` take out what was asked for, as
    it was written; ``channels`` takes the place of the channels, ``gpu`` of the target. ``unpin`` are names.
    """

    title: str
    add: list[str] = []
    remove: list[str] = []
    pypi_add: list[str] = []
    pypi_remove: list[str] = []
    unpin: list[str] = []
    channels: list[str] | None = None
    gpu: str | None = None


class GpuBuild(_Wire, frozen=True, kw_only=True):
    """A package that comes in builds with and without GPU, and the build that it is.

    ``cuda`` is the CUDA version that it was built for, ``driver`` the lowest one that the driver must be able to run,
    ``compute_capability`` the lowest that a device must have; None where nothing tells. ``reason`` says in a sentence
    how that is known, and for a CPU build, why it is one.
    """

    name: str
    version: str
    build: str
    kind: Literal["gpu", "cpu"]
    manager: Manager = "conda"
    cuda: str | None = None
    driver: str | None = None
    compute_capability: str | None = None
    reason: str = ""


class PlanGpu(_Wire, frozen=True, kw_only=True):
    """What a plan means for the GPU.

    ``stop`` says that a GPU was wanted and a CPU build came out: the plan is refused until ``cpu_build`` is accepted.
    The plan's warnings have the problem (code ``cpu_build``) with its remedies.
    """

    target: GpuTarget
    builds: list[GpuBuild] = []
    stop: bool = False


class FrameworkCheck(_Wire, frozen=True, kw_only=True):
    """What one framework says of the GPU.

    ``cuda`` is the CUDA version that it was built for, ``archs`` the architectures that it has code for (``sm_90``),
    ``product_ms`` the time of a small matrix product on the device. ``message`` says what is wrong.
    """

    name: str
    version: str = ""
    state: GpuState
    cuda: str | None = None
    cudnn: str | None = None
    devices: list[str] = []
    archs: list[str] = []
    product_ms: float | None = None
    message: str = ""


class GpuCheck(_Wire, frozen=True, kw_only=True):
    """What was found when the frameworks of an environment were asked for the GPU, inside the environment.

    ``state`` is the worst of the frameworks'; ``not_checkable`` where there is no GPU here, or no framework in the
    environment. ``host`` is the machine. ``output`` holds the end of what the check wrote.
    """

    state: GpuState
    time: float
    seconds: float | None = None
    host: str = ""
    driver: str | None = None
    message: str = ""
    frameworks: list[FrameworkCheck] = []
    problem: Problem | None = None
    output: str = ""


class EnvironmentGpu(_Wire, frozen=True, kw_only=True):
    """An environment and the GPU: what it is for, what is installed, and what the last check found.

    ``target`` is the one that later changes are made for. ``outdated`` says that packages have changed since the check.
    """

    target: GpuTarget
    builds: list[GpuBuild] = []
    check: GpuCheck | None = None
    outdated: bool = False


class EnvironmentTemplate(_Wire, frozen=True, kw_only=True):
    """A start for a new environment, as it is for one `GpuTarget`.

    ``specs``, ``pypi`` and ``channels`` fill the form; ``channels`` None keeps the configured ones. ``gpu`` says that
    it is made for GPUs. ``note`` says what the target makes of it, where that matters.
    """

    name: str
    title: str
    description: str = ""
    origin: Literal["built-in", "site"] = "built-in"
    specs: list[str] = []
    pypi: list[str] = []
    channels: list[str] | None = None
    gpu: bool = False
    note: str = ""


class EnvironmentTemplates(_Wire, frozen=True, kw_only=True):
    """The templates, and why some of the site's cannot be used."""

    templates: list[EnvironmentTemplate]
    problems: list[Problem] = []


class PlanAction(_Wire, frozen=True, kw_only=True):
    """One line of a plan. ``reason`` says why it is there: asked for, needed, or for the kernel.

    ``variant`` says in words what a rebuild means for the GPU: ``CUDA 12.9 → CPU build``; empty where nothing changes.
    """

    op: Operation
    name: str
    manager: Manager = "conda"
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    build: str | None = None
    channel: str | None = None
    size: int | None = None
    reason: Literal["asked", "needed", "kernel"] = "needed"
    variant: str = ""


class Plan(_Wire, frozen=True, kw_only=True):
    """What a change will do, exactly. Valid for an hour and for the prefix as it was (``fingerprint``).

    ``title`` is the request in words; ``pin`` and ``unpin`` what becomes of the pins. ``download_size`` counts what is
    not in the package cache yet, ``cached_size`` what is; ``disk_size`` is an upper bound, as hard
    links share files with the cache. ``solve_time`` in seconds. ``gpu`` says what it means for the GPU.
    """

    id: str
    prefix: str
    fingerprint: str
    actions: list[PlanAction]
    download_size: int
    cached_size: int
    disk_size: int
    solve_time: float
    title: str = ""
    pin: list[str] = []
    unpin: list[str] = []
    environment: str | None = None
    gpu: PlanGpu | None = None
    warnings: list[Problem] = []


class Generation(_Wire, frozen=True, kw_only=True):
    """A state of an environment: the current one, or a kept former (or later) one.

    ``title`` is the request in words, ``actions`` the difference to the generation it was made from (``parent``).
    ``size`` counts the bytes that no other generation and no package cache shares; None for the current one.
    ``changed_since`` says that another tool has changed it after we made it.
    """

    number: int
    title: str
    current: bool = False
    created: float | None = None
    parent: int | None = None
    actions: list[PlanAction] = []
    pin: list[str] = []
    unpin: list[str] = []
    packages: int = 0
    python: str | None = None
    size: int | None = None
    changed_since: bool = False


class History(_Wire, frozen=True, kw_only=True):
    """The generations of an environment, newest first. ``keep`` former ones are kept; ``size`` is what all kept ones
    together hold in bytes that nothing else shares.
    """

    generations: list[Generation]
    keep: int
    size: int


class KernelCheck(_Wire, frozen=True, kw_only=True):
    """Result of a kernel's test start; ``seconds`` to the first reply.

    A Python kernel also says where it runs: ``prefix`` is its ``sys.prefix``, ``path`` its ``PATH``, ``user_site``
    whether packages of ``~/.local`` are seen. ``banner`` is what it says of itself. ``output`` holds the end of what
    it wrote while it started.
    """

    state: CheckState
    time: float | None = None
    seconds: float | None = None
    prefix: str | None = None
    path: list[str] = []
    user_site: bool | None = None
    banner: str = ""
    output: str = ""
    problem: Problem | None = None


class KernelProblem(_Wire, frozen=True, kw_only=True):
    """What is wrong with a kernelspec, and the ``remedy`` that puts it right with one click.

    ``register`` writes it anew for its environment, ``install`` installs the kernel packages ``packages`` there,
    ``rename`` takes ``proposal`` as its display name, ``remove`` removes it.
    """

    code: Literal["orphan", "broken", "no_launcher", "wrong_python", "duplicate_name"]
    message: str
    hint: str = ""
    remedy: KernelRemedy
    packages: list[str] = []
    proposal: str | None = None


class KernelLogo(_Wire, frozen=True, kw_only=True):
    """A generated logo: one to three letters on a colour (``#rrggbb``)."""

    initials: str
    color: str


class Kernel(_Wire, frozen=True, kw_only=True):
    """A kernelspec and the environment it runs in.

    ``stamped`` kernels were written by us (``metadata.jupyter_envmanager``) and are ours to change; ``orphan`` ones
    start an interpreter that is gone, ``orphan_reason`` says which. ``scope`` says whose it is: ``me`` and ``group``
    are the folders that kernels can be moved between; ``server`` ones come with the server's own environment, ``site``
    ones from anywhere else. ``problems`` are all there are, the gravest first.
    """

    name: str
    display_name: str
    language: str
    path: str
    environment: str | None = None
    prefix: str | None = None
    stamped: bool = False
    writable: bool = False
    scope: KernelScope = "me"
    orphan: bool = False
    orphan_reason: str = ""
    problems: list[KernelProblem] = []
    check: KernelCheck | None = None


class KernelTemplate(_Wire, frozen=True, kw_only=True):
    """A folder that kernels can be made from; ``built-in`` for ours. ``editable`` ones take modules and variables."""

    name: str
    title: str
    origin: Literal["built-in", "user", "site"]
    path: str = ""
    editable: bool = True


class Kernels(_Wire, frozen=True, kw_only=True):
    """All kernelspecs this server sees, the templates for new ones, and the folders that they can be moved to.

    ``problems`` says which templates cannot be used.
    """

    kernels: list[Kernel]
    templates: list[KernelTemplate] = []
    me: str = ""
    group: str | None = None
    problems: list[Problem] = []


class KernelSettings(_Wire, frozen=True, kw_only=True):
    """What an editor shows of one kernel.

    ``editable`` names the fields that a `KernelEdit` may change here. ``variables`` are set for the kernel,
    ``modules`` are environment modules loaded before it, ``arguments`` are added to its command line. ``user_site``
    lets it see packages of ``~/.local``. ``logo`` is None for one that was not generated. ``script`` is its
    ``run.sh``, ``argv`` its command line, to look at.
    """

    kernel: Kernel
    editable: list[str]
    template: str = ""
    variables: dict[str, str] = {}
    modules: list[str] = []
    arguments: list[str] = []
    user_site: bool = False
    logo: KernelLogo | None = None
    argv: list[str] = []
    script: str = ""


class KernelOffer(_Wire, frozen=True, kw_only=True):
    """A kernelspec that an environment ships (``share/jupyter/kernels``), or the plain one of its Python.

    ``source`` names it in a `NewKernel`.
    """

    source: str
    display_name: str
    language: str


class KernelProposal(_Wire, frozen=True, kw_only=True):
    """A kernel package that an environment lacks for a language that it has."""

    language: str
    package: str


class KernelOffers(_Wire, frozen=True, kw_only=True):
    """What can be a kernel in an environment, and what could be after an install."""

    offers: list[KernelOffer]
    proposals: list[KernelProposal] = []


class LogoUpload(Request, frozen=True, kw_only=True, tag_field="type", tag="upload"):
    """A picture for a kernel: ``content`` is a PNG, JPEG, GIF, WebP or SVG file in base64."""

    content: str


class LogoInitials(Request, frozen=True, kw_only=True, tag_field="type", tag="initials"):
    """Letters on a colour; without either, they are made from the display name."""

    initials: str | None = None
    color: str | None = None


class LogoShipped(Request, frozen=True, kw_only=True, tag_field="type", tag="shipped"):
    """The logo that comes with the environment's kernel, where it has one."""


Logo = LogoUpload | LogoInitials | LogoShipped


class NewKernel(Request, frozen=True, kw_only=True):
    """A request to register a kernel for an environment, by id.

    ``source`` picks one of its `KernelOffers`; ``template`` the template to use.
    """

    environment: str
    display_name: str | None = None
    name: str | None = None
    source: str | None = None
    template: str = ""
    variables: dict[str, str] = {}
    modules: list[str] = []
    arguments: list[str] = []
    user_site: bool = False
    logo: Logo | None = None


class KernelEdit(Request, frozen=True, kw_only=True):
    """A change to a kernelspec; what is None stays."""

    display_name: str | None = None
    variables: dict[str, str] | None = None
    modules: list[str] | None = None
    arguments: list[str] | None = None
    user_site: bool | None = None
    logo: Logo | None = None


class KernelCopy(Request, frozen=True, kw_only=True):
    """A request for a copy of a kernelspec."""

    display_name: str | None = None
    name: str | None = None


class KernelMove(Request, frozen=True, kw_only=True):
    """A request to move a kernelspec."""

    to: Literal["me", "group"]


class Description(_Wire, frozen=True, kw_only=True):
    """An environment in a form that makes sense elsewhere: no path of this machine, no build of this platform.

    ``specs`` are the packages that were asked for, ``pypi`` the ones from the Python package index, ``lock`` a
    sha256 over exactly what is installed: two environments of one lock are the same, file by file.
    """

    name: str
    specs: list[str]
    pypi: list[str] = []
    channels: list[str] = []
    lock: str = ""
    python: str | None = None


class Activation(_Wire, frozen=True, kw_only=True):
    """How to use an environment outside Jupyter: ``shell`` for a terminal, ``job`` for a batch script."""

    shell: str
    job: str


class TerminalName(_Wire, frozen=True, kw_only=True):
    """A terminal that was started, by the name that Jupyter's terminals have."""

    name: str


class NotebookCode(Request, frozen=True, kw_only=True):
    """The code of a notebook: the sources of its code cells, and its path for the local modules beside it.

    ``environment`` is the one whose installed packages and channels are asked first.
    """

    cells: list[str]
    path: str | None = None
    environment: str | None = None


class NotebookImport(_Wire, frozen=True, kw_only=True):
    """Something that a notebook needs.

    ``module`` is the imported name, empty for what an install line asks for; ``spec`` what to install for it, None
    when nothing was found. ``origin`` says where it is needed, in words.
    """

    module: str
    spec: str | None
    manager: Manager = "conda"
    origin: str = ""
    reason: str = ""
    installed: bool = False


class NotebookImports(_Wire, frozen=True, kw_only=True):
    """What a notebook needs, by name, with proposals for each; and the Python it was written for."""

    imports: list[NotebookImport]
    python: str | None = None
    problems: list[Problem] = []


class InstallLine(Request, frozen=True, kw_only=True):
    """The source of a cell with an install line, and the kernel that runs it."""

    kernel: str
    source: str


class InstallHint(_Wire, frozen=True, kw_only=True):
    """Whether the install lines of a cell would miss the kernel's environment, and what they ask for.

    ``reason`` is empty where they reach it. ``specs`` are conda's, ``pypi`` Python's requirements.
    """

    reason: str = ""
    environment: str | None = None
    specs: list[str] = []
    pypi: list[str] = []


class Job(_Wire, frozen=True, kw_only=True):
    """One action that changes something: stored, watchable, cancellable.

    ``environment`` and ``prefix`` name what it works on. ``generation`` is the one that it made current. ``aftercare``
    is true while a succeeded job still test-starts its kernel and compiles bytecode; nobody needs to wait for that.
    ``waiting_for`` says for whom a waiting job waits. ``file`` is the archive that a finished job has written.
    """

    id: str
    action: JobAction
    environment: str
    prefix: str
    title: str
    state: JobState
    progress: float = 0.0
    phase: Phase | None = None
    message: str = ""
    created: float
    started: float | None = None
    finished: float | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    waiting_for: str | None = None
    generation: int | None = None
    kernel: str | None = None
    check: KernelCheck | None = None
    aftercare: bool = False
    file: str | None = None
    error: Problem | None = None


class Jobs(_Wire, frozen=True, kw_only=True):
    """Jobs, newest first."""

    jobs: list[Job]


class JobEvent(_Wire, frozen=True, kw_only=True):
    """One line of a job's log."""

    job: str
    seq: int
    time: float
    phase: Phase
    message: str
    progress: float
    bytes: int | None = None
    bytes_total: int | None = None


class JobEvents(_Wire, frozen=True, kw_only=True):
    """A job's log from a sequence number on."""

    events: list[JobEvent]


class RemovalPreview(_Wire, frozen=True, kw_only=True):
    """What removing an environment takes away; shown before it happens."""

    environment: str
    prefix: str
    kernels: list[Kernel]
    size: int
    files: int


class FileText(Request, frozen=True, kw_only=True):
    """A file to be read; without ``format``, that is found out from the content and the ``filename``."""

    content: str
    filename: str = ""
    format: SpecFormat | None = None


class FileContent(_Wire, frozen=True, kw_only=True):
    """What a file asks for, and what is wrong with it.

    ``specs`` are match specs, ``pypi`` requirements, ``channels`` None where the file names none. ``variables`` are set
    when the environment is active. ``platforms`` are those that it is for; empty for any. ``locked`` counts packages
    that are given exactly. ``usable`` is false while an environment cannot be made from it. Problems with code
    ``file_error`` say why, those with ``file_warning`` what is passed over; ``details`` has ``line``, from 1.
    """

    format: SpecFormat
    name: str | None = None
    specs: list[str] = []
    pypi: list[str] = []
    channels: list[str] | None = None
    variables: dict[str, str] = {}
    platforms: list[str] = []
    locked: int = 0
    usable: bool = True
    problems: list[Problem] = []


class RelaxedSpec(_Wire, frozen=True, kw_only=True):
    """A spec that asks for less than one of a file, and the part of it that it ``drops``; ``found`` is the version that
    a channel has for it.
    """

    spec: str
    drops: Relaxed
    found: str = ""


class Relaxation(_Wire, frozen=True, kw_only=True):
    """A spec of a file that cannot be met, as the file has it, and what could stand for it; the mildest choice first.

    All of them come in ``details["relaxations"]`` of a `Problem`; a choice is made with ``FileSource.relaxed``. Without
    ``choices`` there is no such package. ``line`` counts from 1.
    """

    spec: str
    line: int | None = None
    manager: Manager = "conda"
    message: str
    choices: list[RelaxedSpec] = []


class FileAddress(Request, frozen=True, kw_only=True):
    """Where a file is to be fetched from."""

    url: str


class CompareRequest(Request, frozen=True, kw_only=True):
    """What an environment is compared with: another ``environment``, by id, or a ``file``."""

    environment: str | None = None
    file: FileText | None = None


class Difference(_Wire, frozen=True, kw_only=True):
    """A package that is not the same on both sides, or a ``variable`` that is set when the environment is active.

    ``here`` and ``there`` are versions; ``there`` is what is asked for where it is compared with a file that names no
    exact version. Of a variable they are values. None where it is missing.
    """

    name: str
    manager: Manager = "conda"
    variable: bool = False
    kind: DifferenceKind
    here: str | None = None
    there: str | None = None
    here_detail: str = ""
    there_detail: str = ""


class Comparison(_Wire, frozen=True, kw_only=True):
    """How an environment differs from another one, or from a file.

    ``title`` names the other. ``same`` counts the packages that agree. ``exact`` says that the other names every
    package; else what it does not name is needed by something, and is no difference.
    """

    title: str
    differences: list[Difference]
    same: int
    exact: bool = True
    problems: list[Problem] = []


class Sharing(_Wire, frozen=True, kw_only=True):
    """Who can use an environment, and who can change it.

    ``group`` is the Unix group that it is shared with, None where it is not. ``problems`` is what keeps other members
    from reading it; ``repairable`` says that this user may put all or some of that right. ``members`` are the group's,
    as far as the system tells; ``writers`` those who can change it, in words.
    """

    owner: str
    group: str | None = None
    access: GroupAccess | None = None
    members: list[str] = []
    writers: str = ""
    files: int = 0
    repairable: bool = False
    problems: list[Problem] = []


class PackRequest(Request, frozen=True, kw_only=True):
    """Where to write the archive of an environment: a ``folder`` of the server, absolute or relative to its root."""

    folder: str = ""
    filename: str = ""
    format: ArchiveFormat = "tar.gz"


class Export(_Wire, frozen=True, kw_only=True):
    """An environment as a file that another tool, or another machine, makes it from."""

    format: ExportFormat
    filename: str
    content: str
    problems: list[Problem] = []


class Folder(_Wire, frozen=True, kw_only=True):
    """A folder in the folder picker."""

    name: str
    path: str
    writable: bool
    environment: bool


class FolderListing(_Wire, frozen=True, kw_only=True):
    """A folder's sub-folders, for the picker; ``parent`` is null at an allowed root."""

    path: str
    parent: str | None
    roots: list[str]
    writable: bool
    free: int | None
    free_files: int | None
    folders: list[Folder]
