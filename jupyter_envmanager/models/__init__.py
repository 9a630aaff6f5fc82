"""Every type that goes over the wire, once.

Frozen, keyword-only msgspec structs: decoding *is* validation. ``scripts/generate_types`` prints the JSON Schema of
this package and turns it into ``src/_models.ts``; the test run fails when that file is stale.

Units: sizes are bytes, times are seconds since the epoch, progress is 0..1.

::

    wire          the base of all, the base of requests, and `Problem`: an error or a warning
    site          settings, locations and policy: what the panel needs first
    environments  an environment, as it is listed
    packages      installed, newer, damaged and offered ones
    creation      a request for a new environment, and what it starts from
    changes       requests to change an environment, and to go back
    gpu           devices, targets, builds, checks
    templates     starts for new environments
    plans         what a change will do, and the generations that former ones left
    kernels       kernelspecs, their problems and checks, and what can become one
    kerneledits   requests to make, edit, copy and move a kernelspec
    description   what an environment is made of, as notebooks carry it with them
    terminals     an environment outside Jupyter
    notebooks     what the code of a notebook needs, and where its install lines go
    jobs          jobs and their logs
    removal       what removing an environment takes away
    files         what a file asks for, and what could be asked for instead
    comparisons   what differs between two environments, or one and a file
    sharing       who can use an environment, and who can change it
    exports       files and archives that an environment is made from elsewhere
    folders       the folder picker
"""

# ruff: noqa: I001 -- src/_models.ts has them in this order

from .wire import Manager, Wire, Request, Problem
from .site import Setting, Location, Policy, Status
from .environments import EnvironmentKind, EnvironmentState, Language, Environment, Environments
from .packages import (
    Package,
    Variable,
    Packages,
    PackageUpdate,
    PackageUpdates,
    Health,
    PackageHit,
    PackageHits,
    PackageBuild,
    PackageInfo,
)
from .creation import KernelRequest, SpecsSource, FileSource, CloneSource, ArchiveSource, Source, NewEnvironment
from .changes import PypiChange, Change, Rollback
from .gpu import (
    GpuState,
    GpuTargetOrigin,
    GpuProcess,
    GpuInstance,
    GpuDevice,
    GpuTarget,
    GpuReport,
    GpuRemedy,
    GpuBuild,
    PlanGpu,
    FrameworkCheck,
    GpuCheck,
    EnvironmentGpu,
)
from .templates import EnvironmentTemplate, EnvironmentTemplates
from .plans import Operation, PlanAction, PlanVariable, Plan, Generation, History
from .kernels import (
    CheckState,
    KernelScope,
    KernelRemedy,
    KernelCheck,
    KernelProblem,
    KernelLogo,
    Kernel,
    KernelTemplate,
    Kernels,
    KernelSettings,
    KernelOffer,
    KernelProposal,
    KernelOffers,
)
from .kerneledits import LogoUpload, LogoInitials, LogoShipped, Logo, NewKernel, KernelEdit, KernelCopy, KernelMove
from .description import Description
from .terminals import Activation, TerminalName
from .notebooks import NotebookCode, NotebookImport, NotebookImports, InstallLine, InstallHint
from .jobs import JobState, Phase, JobAction, Job, Jobs, JobEvent, JobEvents
from .removal import RemovalPreview
from .files import SpecFormat, Relaxed, FileText, FileContent, RelaxedSpec, Relaxation, FileAddress
from .comparisons import DifferenceKind, CompareRequest, Difference, Comparison
from .sharing import GroupAccess, Sharing
from .exports import ExportFormat, ArchiveFormat, PackRequest, Export
from .folders import Folder, FolderListing

__all__ = [
    "Activation",
    "ArchiveFormat",
    "ArchiveSource",
    "Change",
    "CheckState",
    "CloneSource",
    "CompareRequest",
    "Comparison",
    "Description",
    "Difference",
    "DifferenceKind",
    "Environment",
    "EnvironmentGpu",
    "EnvironmentKind",
    "EnvironmentState",
    "EnvironmentTemplate",
    "EnvironmentTemplates",
    "Environments",
    "Export",
    "ExportFormat",
    "FileAddress",
    "FileContent",
    "FileSource",
    "FileText",
    "Folder",
    "FolderListing",
    "FrameworkCheck",
    "Generation",
    "GpuBuild",
    "GpuCheck",
    "GpuDevice",
    "GpuInstance",
    "GpuProcess",
    "GpuRemedy",
    "GpuReport",
    "GpuState",
    "GpuTarget",
    "GpuTargetOrigin",
    "GroupAccess",
    "Health",
    "History",
    "InstallHint",
    "InstallLine",
    "Job",
    "JobAction",
    "JobEvent",
    "JobEvents",
    "JobState",
    "Jobs",
    "Kernel",
    "KernelCheck",
    "KernelCopy",
    "KernelEdit",
    "KernelLogo",
    "KernelMove",
    "KernelOffer",
    "KernelOffers",
    "KernelProblem",
    "KernelProposal",
    "KernelRemedy",
    "KernelRequest",
    "KernelScope",
    "KernelSettings",
    "KernelTemplate",
    "Kernels",
    "Language",
    "Location",
    "Logo",
    "LogoInitials",
    "LogoShipped",
    "LogoUpload",
    "Manager",
    "NewEnvironment",
    "NewKernel",
    "NotebookCode",
    "NotebookImport",
    "NotebookImports",
    "Operation",
    "PackRequest",
    "Package",
    "PackageBuild",
    "PackageHit",
    "PackageHits",
    "PackageInfo",
    "PackageUpdate",
    "PackageUpdates",
    "Packages",
    "Phase",
    "Plan",
    "PlanAction",
    "PlanGpu",
    "PlanVariable",
    "Policy",
    "Problem",
    "PypiChange",
    "Relaxation",
    "Relaxed",
    "RelaxedSpec",
    "RemovalPreview",
    "Request",
    "Rollback",
    "Setting",
    "Sharing",
    "Source",
    "SpecFormat",
    "SpecsSource",
    "Status",
    "TerminalName",
    "Variable",
    "Wire",
]
