/** Whether one place shows how an install in an environment goes. */
type Watcher = (environment: string) => boolean;

const watchers = new Set<Watcher>();

/** Let a place that shows installs be asked; gives what ends that. */
export function watchInstalls(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
}

/** Whether the user sees an install in this environment at work: a notification would be in its way. */
export function isInstallShown(environment: string): boolean {
  return [...watchers].some(watcher => watcher(environment));
}
