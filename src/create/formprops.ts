import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  Environments,
  FolderListing,
  GpuReport,
  PackageHits,
  Problem,
  Status
} from '../_models';
import type { IResource } from '../tokens';
import type { Creation } from './creation';
import type { FileDesk } from './filedesk';
import type { Field } from './formfields';

/** What the form needs. */
export interface ICreateFormProps {
  /** What is being made. */
  creation: Creation;
  /** Locations and channels; null while not known. */
  status: Status | null;
  /** The Python series on offer, newest first. */
  pythons: string[];
  /** Why there are none. */
  pythonProblem: Problem | null;
  /** Reads them again. */
  onPythons: () => void;
  /** The GPUs, and what environments can be made for. */
  gpus: IResource<GpuReport>;
  /** Reads them again. */
  onGpus: () => void;
  /** The environments that can be copied. */
  environments: IResource<Environments>;
  /** Brings files into the form. */
  desk: FileDesk;
  /** Searches the channels. */
  search: (
    query: string,
    limit: number,
    signal: AbortSignal
  ) => Promise<PackageHits>;
  /** Lists a folder. */
  folders: (path: string) => Promise<FolderListing>;
  /** Lets the user choose a folder. */
  onBrowse: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** Whether a field is wrong. */
export function invalid(creation: Creation, field: Field): boolean {
  return creation.problemOf(field) !== null;
}
