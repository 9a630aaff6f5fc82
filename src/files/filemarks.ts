import {
  type Extension,
  RangeSet,
  StateEffect,
  StateField
} from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutterLineClass
} from '@codemirror/view';

/** A line of a text to which there is something to say. */
export interface IMark {
  /** The line, from 1. */
  line: number;
  /** How serious it is. */
  kind: 'error' | 'warning';
  /** What there is to say. */
  title: string;
}

interface IShown {
  lines: DecorationSet;
  gutter: RangeSet<GutterMarker>;
}

const setMarks = StateEffect.define<readonly IMark[]>();

class LineKind extends GutterMarker {
  constructor(readonly kind: IMark['kind']) {
    super();
    this.elementClass = `jp-EnvManager-fileMark jp-mod-${kind}`;
  }

  eq(other: LineKind): boolean {
    return other.kind === this.kind;
  }
}

// The marks go with their lines until the next answer comes.
const shownMarks = StateField.define<IShown>({
  create: () => ({ lines: Decoration.none, gutter: RangeSet.empty }),
  update: ({ lines, gutter }, { effects, changes, state }) => {
    for (const effect of effects) {
      if (effect.is(setMarks)) {
        return place(effect.value, state.doc);
      }
    }
    return { lines: lines.map(changes), gutter: gutter.map(changes) };
  },
  provide: field => [
    EditorView.decorations.from(field, ({ lines }) => lines),
    gutterLineClass.from(field, ({ gutter }) => gutter)
  ]
});

/** Lets an editor mark lines. */
export const lineMarks: Extension = shownMarks;

/** Mark these lines of an editor, and no others. */
export function markLines(view: EditorView, marks: readonly IMark[]): void {
  view.dispatch({ effects: setMarks.of(marks) });
}

/** One mark a line: the worst of it, with all that there is to say. */
export function perLine(marks: readonly IMark[], lines: number): IMark[] {
  const found = new Map<number, IMark>();
  for (const mark of marks) {
    const line = Math.min(Math.max(mark.line, 1), lines);
    const { kind, title } = found.get(line) ?? { ...mark, title: '' };
    found.set(line, {
      line,
      kind: kind === 'error' ? kind : mark.kind,
      title: [title, mark.title].filter(Boolean).join('\n')
    });
  }
  return [...found.values()].sort((one, two) => one.line - two.line);
}

function place(
  marks: readonly IMark[],
  doc: EditorView['state']['doc']
): IShown {
  const placed = perLine(marks, doc.lines).map(
    mark => [doc.line(mark.line).from, mark] as const
  );
  return {
    lines: Decoration.set(
      placed.map(([at, { kind, title }]) =>
        Decoration.line({
          class: `jp-EnvManager-fileLine jp-mod-${kind}`,
          attributes: { title }
        }).range(at)
      )
    ),
    gutter: RangeSet.of(
      placed.map(([at, { kind }]) => new LineKind(kind).range(at))
    )
  };
}
