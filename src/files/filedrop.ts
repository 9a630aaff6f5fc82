import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { Drag } from '@lumino/dragdrop';

/** What JupyterLab's file browser calls the paths that it drags. */
const PATHS = 'application/x-jupyter-icontents';
const OVER = 'jp-mod-dropTarget';

/** What is done with what is dropped. */
export interface IDropActions {
  /** Takes a file of the user's own machine. */
  onFile: (file: File) => void;
  /** Takes a file of the workspace. */
  onPath: (path: string) => void;
  /** Whether one can be taken now; always, where it is not said. */
  isOpen?: () => boolean;
}

/** Let files be dropped onto an element, from the desktop or from the file browser; of several, the first is taken. `words` say meanwhile what comes of it. */
export function acceptDrops(
  node: HTMLElement,
  actions: IDropActions,
  words: string
): IDisposable {
  node.dataset['drop'] = words;
  const over = (event: Event, on: boolean) => {
    event.preventDefault();
    event.stopPropagation();
    node.classList.toggle(OVER, on);
  };
  const listeners: [string, (event: Event) => void][] = [
    ...desktop(actions, over, node),
    ...browser(actions, over)
  ];
  // Before the editor inside sees it, which would insert the file’s text at its cursor.
  listeners.forEach(([type, listener]) =>
    node.addEventListener(type, listener, true)
  );
  return new DisposableDelegate(() =>
    listeners.forEach(([type, listener]) =>
      node.removeEventListener(type, listener, true)
    )
  );
}

const always = () => true;

type Over = (event: Event, on: boolean) => void;
type Listeners = [string, (event: Event) => void][];

function desktop(
  { onFile, isOpen = always }: IDropActions,
  over: Over,
  node: HTMLElement
): Listeners {
  const dragOver = (event: Event) => {
    const { dataTransfer } = event as DragEvent;
    if (dataTransfer?.types.includes('Files')) {
      // Where none is taken, the browser would show it in place of JupyterLab.
      dataTransfer.dropEffect = isOpen() ? 'copy' : 'none';
      over(event, isOpen());
    }
  };
  return [
    ['dragenter', dragOver],
    ['dragover', dragOver],
    [
      'dragleave',
      event => {
        const { relatedTarget } = event as DragEvent;
        if (!node.contains(relatedTarget as Node | null)) {
          node.classList.remove(OVER);
        }
      }
    ],
    [
      'drop',
      event => {
        const file = (event as DragEvent).dataTransfer?.files[0];
        if (file) {
          over(event, false);
          if (isOpen()) {
            onFile(file);
          }
        }
      }
    ]
  ];
}

function browser(
  { onPath, isOpen = always }: IDropActions,
  over: Over
): Listeners {
  const paths = (event: Event): string[] => {
    const { mimeData } = event as Drag.Event;
    return isOpen() && mimeData.hasData(PATHS)
      ? (mimeData.getData(PATHS) as string[])
      : [];
  };
  const dragOver = (event: Event) => {
    if (paths(event).length) {
      const drag = event as Drag.Event;
      drag.dropAction = drag.proposedAction;
      over(event, true);
    }
  };
  return [
    ['lm-dragenter', dragOver],
    ['lm-dragover', dragOver],
    ['lm-dragleave', event => over(event, false)],
    [
      'lm-drop',
      event => {
        const [path] = paths(event);
        if (path !== undefined) {
          const drag = event as Drag.Event;
          drag.dropAction = drag.proposedAction;
          over(event, false);
          onPath(path);
        }
      }
    ]
  ];
}
