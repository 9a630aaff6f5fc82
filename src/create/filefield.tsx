import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { FileContent, Plan, Problem } from '../_models';
import { FileEditor, type IFileEditor, PlainEditor } from '../files/fileeditor';
import type { IMark } from '../files/filemarks';
import { badLines, lineProblems } from '../plan/filelines';
import {
  fileSummary,
  isWarning,
  lineOf,
  sortedProblems
} from '../plan/filewords';
import { relaxationsOf } from '../plan/relaxing';
import { classes, LinkButton, TextButton } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import type { Creation } from './creation';
import type { FileDesk } from './filedesk';
import { type ICreateFormProps, invalid } from './formprops';

const ID = 'jp-EnvManager-file';
const SUMMARY = `${ID}-summary`;
const LEAVE = `${ID}-leave`;
const NO_MARKS: IMark[] = [];

/** The file that an environment starts from: its text, and what is said of it. */
export function FileField({
  creation,
  desk,
  trans
}: ICreateFormProps): JSX.Element {
  const editor = React.useCallback(
    (shown: IFileEditor | null) => void (desk.editor = shown),
    [desk]
  );
  const { file } = creation.values;
  const { outdated, plan } = creation;
  const problem = creation.problem ?? creation.problemOf('file');
  const { content } = creation.reading;
  const fault = creation.problemOf('file');
  const planned = fault ? lineProblems(fault) : [];
  const listed = [...(content?.problems ?? []), ...planned];
  const marks = React.useMemo(
    () => marksOf(content, problem, outdated ? null : plan),
    [content, outdated, plan, problem]
  );
  const props = {
    id: ID,
    label: trans.__('Text of the file'),
    text: file?.text ?? '',
    filename: file?.filename ?? '',
    marks,
    invalid: invalid(creation, 'file'),
    describedBy: desk.editors ? `${SUMMARY} ${LEAVE}` : SUMMARY,
    onChange: (text: string) => creation.typeFile(text)
  };
  return (
    <FormField
      id={ID}
      group
      label={trans.__('File')}
      problems={[planned.length ? null : fault, creation.reading.problem]}
    >
      <FileWays desk={desk} filename={props.filename} trans={trans} />
      {desk.editors ? (
        <FileEditor ref={editor} editors={desk.editors} {...props} />
      ) : (
        <PlainEditor ref={editor} {...props} />
      )}
      <div className="jp-EnvManager-hint" id={SUMMARY} role="status">
        {statusOf(creation, trans)}
      </div>
      {desk.editors && (
        <div className="jp-EnvManager-hint" id={LEAVE}>
          {trans.__('Esc, then Tab leaves the editor')}
        </div>
      )}
      {listed.length > 0 && (
        <FileProblems
          problems={listed}
          alert={planned.length > 0}
          onLine={line => desk.editor?.goTo(line)}
          trans={trans}
        />
      )}
    </FormField>
  );
}

/** What is known of the file, in a line. */
function statusOf(
  { reading: { busy, content }, values: { file } }: Creation,
  trans: TranslationBundle
): string {
  if (busy) {
    return trans.__('Reading…');
  }
  if (content) {
    return content.usable ? fileSummary(content, trans) : '';
  }
  return file?.filename && !file.text.trim()
    ? trans.__(
        '“%1” is empty: choose another file, or paste a text.',
        file.filename
      )
    : trans.__(
        'environment.yml, a lock file, requirements.txt, pyproject.toml: drop it here, or paste its text'
      );
}

/** The buttons that bring a file. */
function FileWays(props: {
  desk: FileDesk;
  filename: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { desk, filename, trans } = props;
  const input = React.useRef<HTMLInputElement>(null);
  return (
    <div className="jp-EnvManager-fileWays">
      <input
        ref={input}
        type="file"
        className="jp-EnvManager-fileInput"
        aria-label={trans.__('File to upload')}
        tabIndex={-1}
        onChange={({ target }) => {
          const [chosen] = target.files ?? [];
          if (chosen) {
            void desk.upload(chosen);
          }
          // The same file may be chosen again when it has changed.
          target.value = '';
        }}
      />
      <TextButton onClick={() => input.current?.click()}>
        {trans.__('Upload…')}
      </TextButton>
      {desk.canBrowse && (
        <TextButton onClick={() => void desk.browse()}>
          {trans.__('From workspace…')}
        </TextButton>
      )}
      {desk.canFetch && (
        <TextButton onClick={() => void desk.fetch()}>
          {trans.__('From a URL…')}
        </TextButton>
      )}
      {filename && <span className="jp-EnvManager-path">{filename}</span>}
    </div>
  );
}

/** What is wrong with a file, each with the line that it is about. */
function FileProblems(props: {
  problems: readonly Problem[];
  /** Whether somebody waits for them. */
  alert: boolean;
  onLine: (line: number) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { problems, alert, onLine, trans } = props;
  return (
    <div role={alert ? 'alert' : undefined}>
      <ul
        className="jp-EnvManager-fileProblems"
        aria-label={trans.__('Problems of the file')}
      >
        {sortedProblems(problems).map((problem, index) => (
          <FileProblem
            key={index}
            problem={problem}
            onLine={onLine}
            trans={trans}
          />
        ))}
      </ul>
    </div>
  );
}

function FileProblem(props: {
  problem: Problem;
  onLine: (line: number) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { problem, onLine, trans } = props;
  const line = lineOf(problem);
  const warning = isWarning(problem);
  return (
    <li
      className={classes(
        'jp-EnvManager-fileProblem',
        warning ? 'jp-mod-warning' : 'jp-mod-error'
      )}
    >
      <span className="jp-EnvManager-fileProblemLine">
        {line !== null && (
          <LinkButton
            label={trans.__('Go to line %1', String(line))}
            onClick={() => onLine(line)}
          >
            {trans.__('Line %1', String(line))}
          </LinkButton>
        )}
      </span>
      <span className="jp-EnvManager-fileProblemText">
        {problem.message}
        {problem.hint && (
          <span className="jp-EnvManager-fileProblemHint">{problem.hint}</span>
        )}
      </span>
    </li>
  );
}

/** What there is to say of lines: when the file was read, and when it was planned. */
function marksOf(
  content: FileContent | null,
  problem: Problem | null,
  plan: Plan | null
): IMark[] {
  const relaxations = problem ? relaxationsOf(problem) : [];
  const pins = relaxations.flatMap(({ line, message }) =>
    line === null
      ? []
      : [{ line, kind: 'error', title: message } satisfies IMark]
  );
  const bad =
    problem && !relaxations.length
      ? badLines(problem).map(
          ([line, { message, hint }]) =>
            ({
              line,
              kind: 'error',
              title: `${message} ${hint}`.trim()
            }) satisfies IMark
        )
      : [];
  const read = content?.problems ?? [];
  const planned = (plan?.warnings ?? []).filter(
    one =>
      isWarning(one) && !read.some(({ message }) => message === one.message)
  );
  const said = [...read, ...planned].flatMap(one => {
    const line = lineOf(one);
    const kind = isWarning(one) ? 'warning' : 'error';
    return line === null
      ? []
      : [{ line, kind, title: one.message } satisfies IMark];
  });
  const marks = [...said, ...bad, ...pins];
  return marks.length ? marks : NO_MARKS;
}
