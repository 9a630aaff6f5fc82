import { CommandIDs } from '../tokens';

/** What the menu of an environment offers, in its row and on its page; null is a separator. */
export const ENVIRONMENT_MENU: readonly (string | null)[] = [
  CommandIDs.openNotebook,
  CommandIDs.openTerminal,
  CommandIDs.registerKernel,
  CommandIDs.checkGpu,
  null,
  CommandIDs.copyPath,
  CommandIDs.copyActivation,
  CommandIDs.copyJobLines,
  null,
  CommandIDs.exportEnvironment,
  CommandIDs.pack,
  null,
  CommandIDs.clone,
  CommandIDs.saveAs,
  null,
  CommandIDs.compare,
  CommandIDs.updateFromFile,
  null,
  CommandIDs.remove
];
