import type {
  EnvironmentTemplates,
  FileContent,
  FileText,
  FolderListing,
  InstallHint,
  InstallLine,
  Job,
  JobEvent,
  JobEvents,
  KernelSettings,
  NewEnvironment,
  NotebookCode,
  NotebookImports,
  PackageHits,
  PackageInfo,
  Plan,
  RemovalPreview
} from './_models';
import type { EnvManagerApi } from './api';

/** What the server is asked, with nothing kept of the answer and nothing changed. */
export abstract class Questions {
  /** Ask through this client. */
  constructor(protected readonly api: EnvManagerApi) {}

  /** What making an environment would do. */
  preview(body: NewEnvironment): Promise<Plan> {
    return this.api.request(['environments', 'preview'], {
      method: 'POST',
      body
    });
  }

  /** What a file asks for, and what is wrong with it. */
  readFile(body: FileText, signal?: AbortSignal): Promise<FileContent> {
    return this.api.request(['files', 'read'], {
      method: 'POST',
      body,
      signal
    });
  }

  /** A file from an address that the site allows. */
  fetchFile(url: string): Promise<FileText> {
    return this.api.request(['files', 'fetch'], {
      method: 'POST',
      body: { url }
    });
  }

  /** What removing an environment would take away. */
  removal(id: string): Promise<RemovalPreview> {
    return this.api.request(['environments', id, 'removal']);
  }

  /** Find a job that the list may no longer have. */
  fetchJob(id: string): Promise<Job> {
    return this.api.request(['jobs', id]);
  }

  /** A job's log, from a sequence number on. */
  async jobEvents(id: string, since: number): Promise<JobEvent[]> {
    const answer = await this.api.request<JobEvents>(['jobs', id, 'events'], {
      query: { since }
    });
    return answer.events;
  }

  /** What an editor shows of a kernel. */
  kernelSettings(name: string): Promise<KernelSettings> {
    return this.api.request(['kernels', name]);
  }

  /** Search the channels for packages. */
  searchPackages(
    q: string,
    limit: number,
    signal?: AbortSignal
  ): Promise<PackageHits> {
    return this.api.request(['packages'], { query: { q, limit }, signal });
  }

  /** What the channels offer of one package. */
  packageInfo(name: string): Promise<PackageInfo> {
    return this.api.request(['packages', name]);
  }

  /** What the code of a notebook needs. */
  notebookImports(body: NotebookCode): Promise<NotebookImports> {
    return this.api.request(['notebooks', 'imports'], {
      method: 'POST',
      body
    });
  }

  /** Whether the install lines of a cell reach the kernel's environment. */
  installHint(body: InstallLine): Promise<InstallHint> {
    return this.api.request(['notebooks', 'install-lines'], {
      method: 'POST',
      body
    });
  }

  /** The starts for new environments, as they are for a GPU target; null is this machine. */
  templates(gpu: string | null): Promise<EnvironmentTemplates> {
    return this.api.request(['templates'], {
      query: { gpu: gpu ?? undefined }
    });
  }

  /** The folders inside a folder, or the allowed roots. */
  folders(path: string): Promise<FolderListing> {
    return this.api.request(['folders'], {
      query: { path: path || undefined }
    });
  }
}
