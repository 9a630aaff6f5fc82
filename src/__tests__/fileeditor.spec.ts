import type { IYText } from '@jupyter/ydoc';
import { EditorView } from '@codemirror/view';
import type { IEditorServices } from '@jupyterlab/codeeditor';
import {
  CodeMirrorEditorFactory,
  CodeMirrorMimeTypeService,
  EditorExtensionRegistry,
  EditorLanguageRegistry,
  ybinding
} from '@jupyterlab/codemirror';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { FileEditor } from '../files/fileeditor';
import { until } from './fakes';

/** An editor as JupyterLab lends it: what is typed goes into a document that can undo it. */
function editorServices(): IEditorServices {
  const extensions = new EditorExtensionRegistry();
  extensions.addExtension({
    name: 'shared-model',
    factory: ({ model }) => {
      const { ysource, undoManager } = model.sharedModel as unknown as IYText;
      return EditorExtensionRegistry.createImmutableExtension(
        ybinding({ ytext: ysource, undoManager: undoManager ?? undefined })
      );
    }
  });
  const languages = new EditorLanguageRegistry();
  return {
    factoryService: new CodeMirrorEditorFactory({ extensions, languages }),
    mimeTypeService: new CodeMirrorMimeTypeService(languages)
  };
}

/** The editor of a text that comes from elsewhere, or from the user. */
class Shown extends ReactWidget {
  text = 'name: a';

  protected render(): JSX.Element {
    return React.createElement(FileEditor, {
      editors: this._editors,
      id: 'file',
      label: 'Text',
      text: this.text,
      filename: 'environment.yml',
      marks: [],
      invalid: false,
      describedBy: '',
      onChange: text => void (this.text = text)
    });
  }

  private readonly _editors = editorServices();
}

it('undoes what was typed, and not what another text has taken the place of', async () => {
  const widget = new Shown();
  Widget.attach(widget, document.body);
  const content = () =>
    widget.node.querySelector<HTMLElement>('.cm-content') ?? null;
  const shown = (text: string) => until(() => content()?.textContent === text);
  const type = (insert: string) =>
    EditorView.findFromDOM(content()!)!.dispatch({
      changes: { from: widget.text.length, insert }
    });
  const undo = () =>
    content()!.dispatchEvent(
      new KeyboardEvent('keydown', {
        key: 'z',
        keyCode: 90,
        ctrlKey: true,
        bubbles: true,
        cancelable: true
      })
    );
  await shown('name: a');
  undo();
  await shown('name: a');
  type('b');
  expect(widget.text).toBe('name: ab');
  undo();
  expect(widget.text).toBe('name: a');
  type('b');
  widget.text = 'name: other';
  widget.update();
  await shown('name: other');
  // Nor may the browser.
  expect(undo()).toBe(false);
  type('s');
  undo();
  expect(widget.text).toBe('name: other');
  widget.dispose();
});
