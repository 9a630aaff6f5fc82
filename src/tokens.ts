import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  Activation,
  Change,
  CompareRequest,
  Comparison,
  Description,
  Environment,
  EnvironmentGpu,
  Environments,
  EnvironmentTemplates,
  Export,
  FileContent,
  FileText,
  FolderListing,
  GpuCheck,
  GpuReport,
  Health,
  History,
  InstallHint,
  InstallLine,
  Job,
  JobEvent,
  Jobs,
  Kernel,
  KernelCheck,
  KernelCopy,
  KernelEdit,
  KernelOffers,
  Kernels,
  KernelSettings,
  NewEnvironment,
  NewKernel,
  NotebookCode,
  NotebookImports,
  PackageHits,
  PackageInfo,
  Packages,
  PackageUpdates,
  PackRequest,
  Plan,
  Problem,
  RemovalPreview,
  Sharing,
  Status,
  TerminalName
} from './_models';

/** The ids of the commands, for other extensions too. */
export namespace CommandIDs {
  /** Show the Environments panel. */
  export const open = 'envmanager:open';
  /** Open the page that makes a new environment. */
  export const create = 'envmanager:create';
  /** Read everything again. */
  export const refresh = 'envmanager:refresh';
  /** Open the page of an environment: its packages, kernels and history. */
  export const openEnvironment = 'envmanager:open-environment';
  /** Open a notebook with the kernel of an environment. */
  export const openNotebook = 'envmanager:open-notebook';
  /** Register a kernel for an environment. */
  export const registerKernel = 'envmanager:register-kernel';
  /** Copy the folder of an environment. */
  export const copyPath = 'envmanager:copy-path';
  /** Remove an environment, after asking. */
  export const remove = 'envmanager:remove';
  /** Open a terminal in which an environment is active. */
  export const openTerminal = 'envmanager:open-terminal';
  /** Copy the line that activates an environment in a terminal. */
  export const copyActivation = 'envmanager:copy-activation';
  /** Copy the lines that a batch script needs to use an environment. */
  export const copyJobLines = 'envmanager:copy-job-lines';
  /** Write an environment as a file, to copy, to download or to save. */
  export const exportEnvironment = 'envmanager:export';
  /** Open the page that makes a new environment from a file. */
  export const createFromFile = 'envmanager:create-from-file';
  /** Open the page that makes a copy of an environment. */
  export const clone = 'envmanager:clone';
  /** Compare an environment with another one, or with a file. */
  export const compare = 'envmanager:compare';
  /** Apply a file to an environment. */
  export const updateFromFile = 'envmanager:update-from-file';
  /** Write an environment as an archive. */
  export const pack = 'envmanager:pack';
  /** Download the archive that a job has written. */
  export const downloadArchive = 'envmanager:download-archive';
  /** Show the archive that a job has written in the file browser. */
  export const showArchive = 'envmanager:show-archive';
  /** Fill the form of a new environment with the packages of one that is there. */
  export const saveAs = 'envmanager:save-as';
  /** Let a notebook run in an environment. */
  export const switchNotebook = 'envmanager:switch-notebook';
  /** Make an environment with what the notebook imports. */
  export const createForNotebook = 'envmanager:create-for-notebook';
  /** Ask the frameworks of an environment for the GPU. */
  export const checkGpu = 'envmanager:check-gpu';
  /** Start a kernel once and say whether it answers. */
  export const checkKernel = 'envmanager:check-kernel';
  /** Show what the last test start of a kernel has found. */
  export const explainKernel = 'envmanager:explain-kernel';
  /** Change name, variables, modules, arguments and logo of a kernel. */
  export const editKernel = 'envmanager:edit-kernel';
  /** Make a copy of a kernel. */
  export const copyKernel = 'envmanager:copy-kernel';
  /** Move a kernel between the user's folder and the group's. */
  export const moveKernel = 'envmanager:move-kernel';
  /** Copy the folder of a kernelspec. */
  export const copyKernelPath = 'envmanager:copy-kernel-path';
  /** Remove a kernelspec, after asking. */
  export const removeKernel = 'envmanager:remove-kernel';
  /** Show the progress and the log of a job. */
  export const openJob = 'envmanager:open-job';
  /** Cancel a job. */
  export const cancelJob = 'envmanager:cancel-job';
}

/** Something read from the server: the last good answer, and what kept us from a newer one. */
export interface IResource<T> {
  /** The last good answer; null before the first. */
  readonly data: T | null;
  /** Why the last request failed; null when it did not. */
  readonly problem: Problem | null;
  /** Whether a request is under way. */
  readonly loading: boolean;
}

/** What the model keeps, by name. */
export interface ITopics {
  status: Status;
  environments: Environments;
  kernels: Kernels;
  gpus: GpuReport;
  jobs: Jobs;
}

/** The name of something that the model keeps. */
export type Topic = keyof ITopics;

/** Bytes a second, and the seconds left, of a job that downloads. */
export interface IJobSpeed {
  /** Bytes a second. */
  readonly rate: number;
  /** Seconds left, where the total is known. */
  readonly left: number | null;
}

/** What is inside one environment, and the verbs that change it. */
export interface IInside {
  /** The installed packages. */
  packages(): Promise<Packages>;
  /** What is newer than what is installed. */
  updates(): Promise<PackageUpdates>;
  /** Compare the files with what the packages brought; `full` by content. */
  health(full?: boolean): Promise<Health>;
  /** The generations. */
  history(): Promise<History>;
  /** Search the channels for packages; `pypi` also looks the name up in the Python package index. */
  search(
    query: string,
    limit: number,
    pypi: boolean,
    signal?: AbortSignal
  ): Promise<PackageHits>;
  /** What the channels, or PyPI, offer of one package. */
  packageInfo(name: string, manager: 'conda' | 'pypi'): Promise<PackageInfo>;
  /** What a change would do. */
  preview(change: Change): Promise<Plan>;
  /** Change it. */
  change(change: Change): Promise<Job>;
  /** Make another generation the current one. */
  rollback(generation: number): Promise<Job>;
  /** Give up a kept generation; its disk space is free then. */
  forget(generation: number): Promise<void>;
  /** What can be a kernel here. */
  kernelOffers(): Promise<KernelOffers>;
  /** What it is made of, in words that make sense elsewhere. */
  description(): Promise<Description>;
  /** As a file that it can be made from elsewhere. */
  export(format: Export['format']): Promise<Export>;
  /** How to use it outside Jupyter. */
  activation(): Promise<Activation>;
  /** What it is for, what is installed for the GPU, what the last check found. */
  gpu(): Promise<EnvironmentGpu>;
  /** Begin to ask its frameworks for the GPU. */
  checkGpu(): Promise<GpuCheck>;
  /** End such a check. */
  cancelGpuCheck(): Promise<void>;
  /** How it differs from another one, or from a file. */
  compare(request: CompareRequest): Promise<Comparison>;
  /** Who can use it, and what keeps them from it. */
  sharing(): Promise<Sharing>;
  /** Put right what keeps the group from using it. */
  repairSharing(): Promise<Sharing>;
  /** Write it as an archive. */
  pack(request: PackRequest): Promise<Job>;
  /** Start a terminal in which it is active. */
  terminal(): Promise<TerminalName>;
}

/** All state of the environment manager, and every verb that changes it on the server. */
export interface IEnvManagerModel extends IDisposable {
  /** Emitted when anything below has changed but the figures of GPUs, which never rest. */
  readonly stateChanged: ISignal<this, void>;
  /** Emitted when anything about the GPUs has changed, their figures too. */
  readonly gpusChanged: ISignal<this, void>;
  /** Emitted once for each job that was seen active and has finished. */
  readonly jobFinished: ISignal<this, Job>;
  /** Something read from the server. */
  get<K extends Topic>(topic: K): IResource<ITopics[K]>;
  /** Read again; without arguments: everything but the GPUs. */
  refresh(...topics: Topic[]): Promise<void>;
  /** An environment by id. */
  environment(id: string): Environment | undefined;
  /** A kernel by name. */
  kernel(name: string): Kernel | undefined;
  /** The address of a kernel's logo; null where it has none. */
  kernelLogo(name: string): string | null;
  /** A job by id. */
  job(id: string): Job | undefined;
  /** How fast a job downloads, while it does. */
  speed(id: string): IJobSpeed | null;
  /** What making an environment would do. */
  preview(request: NewEnvironment): Promise<Plan>;
  /** Make an environment. */
  create(request: NewEnvironment): Promise<Job>;
  /** What removing an environment would take away. */
  removal(id: string): Promise<RemovalPreview>;
  /** Remove an environment. */
  remove(id: string): Promise<Job>;
  /** What is inside an environment. */
  inside(id: string): IInside;
  /** Cancel a job. */
  cancel(id: string): Promise<void>;
  /** Find a job that the list may no longer have. */
  fetchJob(id: string): Promise<Job>;
  /** A job's log, from a sequence number on. */
  jobEvents(id: string, since: number): Promise<JobEvent[]>;
  /** Register a kernel for an environment. */
  registerKernel(request: NewKernel): Promise<Kernel>;
  /** What an editor shows of a kernel. */
  kernelSettings(name: string): Promise<KernelSettings>;
  /** Change a kernel; `force` also one that we did not write. */
  editKernel(name: string, edit: KernelEdit, force?: boolean): Promise<Kernel>;
  /** Make a copy of a kernel. */
  copyKernel(name: string, copy: KernelCopy): Promise<Kernel>;
  /** Move a kernel; `force` also one that we did not write. */
  moveKernel(
    name: string,
    to: 'me' | 'group',
    force?: boolean
  ): Promise<Kernel>;
  /** Write a kernel anew for its environment; `force` also one that we did not write. */
  rewriteKernel(name: string, force?: boolean): Promise<Kernel>;
  /** Start a kernel once and say whether it answers. */
  checkKernel(name: string): Promise<KernelCheck>;
  /** Whether a kernel is being tested for this page now. */
  isChecking(name: string): boolean;
  /** Remove a kernelspec; `force` also one that we did not write. */
  removeKernel(name: string, force?: boolean): Promise<void>;
  /** Search the channels for packages. */
  searchPackages(
    query: string,
    limit: number,
    signal?: AbortSignal
  ): Promise<PackageHits>;
  /** What the channels offer of one package. */
  packageInfo(name: string): Promise<PackageInfo>;
  /** What the code of a notebook needs. */
  notebookImports(code: NotebookCode): Promise<NotebookImports>;
  /** Whether the install lines of a cell reach the kernel's environment. */
  installHint(line: InstallLine): Promise<InstallHint>;
  /** The starts for new environments, as they are for a GPU target; null is this machine. */
  templates(gpu: string | null): Promise<EnvironmentTemplates>;
  /** What a file asks for, and what is wrong with it. */
  readFile(text: FileText, signal?: AbortSignal): Promise<FileContent>;
  /** A file from an address that the site allows. */
  fetchFile(url: string): Promise<FileText>;
  /** The folders inside a folder, or the allowed roots. */
  folders(path: string): Promise<FolderListing>;
}

/** The model of the environment manager. */
export const IEnvManagerModel = new Token<IEnvManagerModel>(
  'jupyter-envmanager:IEnvManagerModel',
  'The state of all environments, kernels, GPUs and jobs of the server, and the verbs that change them.'
);
