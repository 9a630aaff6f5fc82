import { CodeEditor, type IEditorServices } from '@jupyterlab/codeeditor';
import { type Extension, Prec } from '@codemirror/state';
import { EditorView, keymap, ViewPlugin } from '@codemirror/view';
import React from 'react';

import { type IMark, lineMarks, markLines } from './filemarks';

/** What the editor of a file needs. */
export interface IFileEditorProps {
  /** The id of its element. */
  id: string;
  /** Its name, for screen readers. */
  label: string;
  /** The text. */
  text: string;
  /** The name of the file, by which its words are coloured. */
  filename: string;
  /** The lines to mark. */
  marks: readonly IMark[];
  /** Whether the text is wrong. */
  invalid: boolean;
  /** The id of what says more about it. */
  describedBy: string;
  /** Called with the text after each change by the user. */
  onChange: (text: string) => void;
}

/** What can be done with an editor. */
export interface IFileEditor {
  /** Put the cursor into a line, from 1. */
  goTo(line: number): void;
}

/** The application's own editor for a file, with marks at its lines. */
export const FileEditor = React.forwardRef<
  IFileEditor,
  IFileEditorProps & { editors: IEditorServices }
>((props, ref) => {
  const { text, filename, marks, editors } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const own = React.useRef<MarkedEditor | null>(null);
  const latest = React.useRef(props);
  latest.current = props;
  React.useEffect(() => {
    const editor = new MarkedEditor(host.current!, editors, latest.current);
    editor.onChange = value => latest.current.onChange(value);
    own.current = editor;
    return () => editor.dispose();
  }, [editors]);
  React.useEffect(() => own.current?.setText(text), [text]);
  React.useEffect(() => own.current?.setFilename(filename), [filename]);
  React.useEffect(() => own.current?.setMarks(marks), [marks]);
  React.useImperativeHandle(ref, () => ({
    goTo: line => own.current?.goTo(line)
  }));
  return (
    <div
      ref={host}
      id={props.id}
      className={
        props.invalid
          ? 'jp-EnvManager-fileEditor jp-mod-invalid'
          : 'jp-EnvManager-fileEditor'
      }
    />
  );
});
FileEditor.displayName = 'FileEditor';

/** The same where the application has no editor to lend. */
export const PlainEditor = React.forwardRef<IFileEditor, IFileEditorProps>(
  (props, ref) => {
    const area = React.useRef<HTMLTextAreaElement>(null);
    React.useImperativeHandle(ref, () => ({
      goTo: line => {
        const lines = props.text.split('\n').slice(0, line - 1);
        const at = lines.reduce((sum, { length }) => sum + length + 1, 0);
        area.current?.focus();
        area.current?.setSelectionRange(at, at);
      }
    }));
    return (
      <textarea
        ref={area}
        id={props.id}
        className="jp-EnvManager-fileEditor jp-mod-plain"
        aria-label={props.label}
        aria-invalid={props.invalid}
        aria-describedby={props.describedBy}
        spellCheck={false}
        wrap="off"
        value={props.text}
        onChange={event => props.onChange(event.target.value)}
      />
    );
  }
);
PlainEditor.displayName = 'PlainEditor';

/** An editor of the application, and the view inside it that marks are for. */
class MarkedEditor {
  constructor(
    private readonly _host: HTMLElement,
    private readonly _editors: IEditorServices,
    { label, describedBy, text, filename, marks }: IFileEditorProps
  ) {
    this._model = new CodeEditor.Model();
    this._model.sharedModel.setSource(text);
    this.setFilename(filename);
    this._editor = _editors.factoryService.newInlineEditor({
      host: this._host,
      model: this._model,
      config: { lineNumbers: true, lineWrap: false, autoClosingBrackets: false }
    });
    this._editor.injectExtension([
      lineMarks,
      this._undoing(),
      EditorView.contentAttributes.of({
        'aria-label': label,
        'aria-describedby': describedBy
      }),
      ViewPlugin.define(view => {
        this._view = view;
        return {};
      })
    ]);
    this.setMarks(marks);
    this._editor.clearHistory();
    this._model.sharedModel.changed.connect(this._onChanged, this);
  }

  onChange: (text: string) => void = () => undefined;

  setText(text: string): void {
    if (text !== this._model.sharedModel.getSource()) {
      this._set = true;
      this._model.sharedModel.setSource(text);
      this._set = false;
      // What was typed in another text is not undone in this one.
      this._editor.clearHistory();
    }
  }

  setFilename(filename: string): void {
    this._model.mimeType = this._editors.mimeTypeService.getMimeTypeByFilePath(
      filename || 'environment.yml'
    );
  }

  setMarks(marks: readonly IMark[]): void {
    if (this._view) {
      markLines(this._view, marks);
    }
  }

  goTo(line: number): void {
    const position = {
      line: Math.min(line, this._editor.lineCount) - 1,
      column: 0
    };
    this._editor.setCursorPosition(position);
    this._editor.revealPosition(position);
    this._editor.focus();
    this._host.scrollIntoView({ block: 'nearest' });
  }

  dispose(): void {
    this._model.sharedModel.changed.disconnect(this._onChanged, this);
    this._editor.dispose();
    this._model.dispose();
  }

  /** Without keys of its own, the browser undoes what was typed, wherever the text has gone meanwhile. */
  private _undoing(): Extension {
    const key = (name: string, act: () => void) => ({
      key: name,
      preventDefault: true,
      run: () => {
        act();
        return true;
      }
    });
    return Prec.high(
      keymap.of([
        key('Mod-z', () => this._editor.undo()),
        key('Mod-y', () => this._editor.redo()),
        key('Mod-Shift-z', () => this._editor.redo())
      ])
    );
  }

  private _onChanged(): void {
    if (!this._set) {
      this.onChange(this._model.sharedModel.getSource());
    }
  }

  private readonly _model: CodeEditor.Model;
  private readonly _editor: CodeEditor.IEditor;
  private _view: EditorView | null = null;
  private _set = false;
}
