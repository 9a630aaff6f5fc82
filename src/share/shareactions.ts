import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { JSONObject } from '@lumino/coreutils';

import type { Environment } from '../_models';
import { toProblem } from '../api';
import type { ICommandOptions } from '../commandargs';
import { cloneName } from '../create/proposal';
import { chooseEnvironment } from '../environment/actions';
import { chooseFile } from '../files/filedialog';
import { isArchive, type IFormFile } from '../files/filetext';
import { readUpload, readWorkspaceFile } from '../files/workspacefiles';
import { takenNames } from '../notebook/choose';
import { environmentName } from '../notebook/notebookstate';
import { freeName } from '../notebook/origin';
import { type IPendingItem, savedItems } from '../plan/pending';
import { CommandIDs } from '../tokens';
import { explain, showProblem } from '../widgets/dialogs';
import { compareEnvironment } from './comparedialog';
import { likeItem, type Other } from './comparing';

/** What the actions need. */
export interface IShareOptions extends ICommandOptions {
  /** The workspace; null where the application has none. */
  documents: IDocumentManager | null;
}

type OtherFile = Extract<Other, { kind: 'file' }>;

/** Let the user choose an environment that something can be done with. */
export async function choose(
  { model, trans }: IShareOptions,
  title: string,
  isPossible: (environment: Environment) => boolean
): Promise<Environment | undefined> {
  const id = await chooseEnvironment(
    model,
    trans,
    title.replace(/…$/, ''),
    trans.__('Continue')
  );
  const environment = model.environment(id ?? '');
  if (environment && !isPossible(environment)) {
    const reason =
      environment.unchangeable ||
      trans.__('It is not ready, or it is not an environment of conda.');
    await explain(environment.name, reason, trans);
    return undefined;
  }
  return environment;
}

/** Open the form of a new environment that is to be a clone of this one. */
export async function cloneEnvironment(
  { app, model }: IShareOptions,
  environment: Environment
): Promise<void> {
  const wanted = cloneName(environmentName(environment));
  const values: JSONObject = {
    start: 'clone',
    clone: environment.id,
    name: freeName(wanted, await takenNames(model))
  };
  await app.commands.execute(CommandIDs.create, { values });
}

/** Compare an environment; where the user wants it to become like the other, go to its page with that. */
export async function compare(
  options: IShareOptions,
  environment: Environment
): Promise<void> {
  const { app, model, documents, trans } = options;
  const others = (model.get('environments').data?.environments ?? []).filter(
    ({ id, state }) => id !== environment.id && state === 'ready'
  );
  let other: Other | null = null;
  for (;;) {
    const outcome = await compareEnvironment({
      environment,
      others,
      other,
      inside: model.inside(environment.id),
      upload: () => uploaded(options),
      workspace: documents !== null,
      trans
    });
    if (outcome.kind === 'like') {
      await ask(options, environment, likeItem(outcome.other));
    }
    if (outcome.kind === 'open') {
      const { path } = outcome;
      await app.commands.execute('docmanager:open', {
        path,
        factory: 'Editor'
      });
    }
    if (outcome.kind !== 'workspace') {
      return;
    }
    const title = trans.__('File to compare with');
    other = await told(options, () => fromWorkspace(options, title));
  }
}

/** Go to the environment's page with a file: the one of the workspace that is named, else one that the user chooses. */
export async function updateFromFile(
  options: IShareOptions,
  environment: Environment,
  path?: string,
  prune = false
): Promise<void> {
  const file = await (path === undefined
    ? chosenFile(options, environment)
    : told(options, () => atPath(options, path)));
  if (file) {
    await ask(options, environment, { ...likeItem(file), prune });
  }
}

/** Let the user choose a file; null when they would rather not, or it cannot be read. */
async function chosenFile(
  options: IShareOptions,
  environment: Environment
): Promise<OtherFile | null> {
  const { documents, trans } = options;
  const title = trans.__('Update %1 from a file', environment.name);
  const workspace = trans.__('From workspace…');
  const upload = trans.__('Upload…');
  const { button } = await showDialog({
    title,
    body: trans.__(
      'Choose an environment.yml, a lock, an explicit list or requirements. You see first what that would do.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      ...(documents ? [Dialog.okButton({ label: workspace })] : []),
      // As quiet as that to cancel: one is the main one.
      Dialog.createButton({ label: upload, accept: !documents })
    ],
    defaultButton: 1
  });
  switch (button.label) {
    case workspace:
      return told(options, () => fromWorkspace(options, title));
    case upload:
      return told(options, () => uploaded(options));
    default:
      return null;
  }
}

/** Show an environment's page with a wish, and what that comes to. */
async function ask(
  { app }: IShareOptions,
  { id }: Environment,
  item: IPendingItem
): Promise<void> {
  await app.commands.execute(CommandIDs.openEnvironment, {
    environment: id,
    tab: 'packages',
    // A large file would not come back after a reload, but it comes along here.
    items: savedItems([item], Infinity),
    preview: true
  });
}

/** A file of the workspace that the user chooses; null when they would rather not. */
async function fromWorkspace(
  options: IShareOptions,
  title: string
): Promise<OtherFile | null> {
  const { documents, trans } = options;
  const accepts = (name: string) => !isArchive(name);
  const path =
    documents && (await chooseFile(documents, title, accepts, trans));
  return path ? atPath(options, path) : null;
}

/** This file of the workspace. */
async function atPath(
  { app, trans }: IShareOptions,
  path: string
): Promise<OtherFile> {
  const { contents } = app.serviceManager;
  return { ...asOther(await readWorkspaceFile(contents, path, trans)), path };
}

/** A file of the user's own machine; null when they would rather not. */
async function uploaded({ trans }: IShareOptions): Promise<OtherFile | null> {
  const file = await pickFile();
  return file && asOther(await readUpload(file, trans));
}

function asOther({ text, filename }: IFormFile): OtherFile {
  return { kind: 'file', file: { content: text, filename } };
}

/** What is read; where that fails, the user is told why. */
async function told(
  { trans }: IShareOptions,
  read: () => Promise<OtherFile | null>
): Promise<OtherFile | null> {
  try {
    return await read();
  } catch (error) {
    const title = trans.__('The file cannot be read');
    await showProblem(title, toProblem(error), trans);
    return null;
  }
}

/** Let the browser ask for a file. */
function pickFile(): Promise<File | null> {
  const input = document.createElement('input');
  input.type = 'file';
  return new Promise(resolve => {
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null));
    input.addEventListener('cancel', () => resolve(null));
    input.click();
  });
}
