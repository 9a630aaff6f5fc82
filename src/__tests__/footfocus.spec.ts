import { moveFootFocus } from '../environment/footfocus';

const NOTE =
  '<div class="jp-EnvManager-note"><button id="help" class="jp-EnvManager-button"></button></div>';
const PREVIEW = '<button id="preview" class="jp-EnvManager-preview"></button>';
const PLAN =
  '<div id="plan" class="jp-EnvManager-planList" tabindex="0"></div>';
const apply = (attribute: string) =>
  `<button id="apply" class="jp-EnvManager-apply" ${attribute}></button>`;

let foot: HTMLElement;

afterEach(() => document.body.replaceChildren());

/** Where the focus is after an answer, in a foot like this. */
function led(
  html: string,
  ready: boolean,
  wayOut: boolean,
  before = ''
): string {
  document.body.innerHTML = `<input id="elsewhere"><div id="foot">${html}</div>`;
  foot = document.getElementById('foot')!;
  if (before) {
    document.getElementById(before)?.focus();
  }
  moveFootFocus(foot, ready, wayOut);
  return document.activeElement?.id ?? '';
}

it.each<[string, string, boolean, boolean, string, string]>([
  ['a plan leads to Apply', apply('') + PLAN, true, false, '', 'apply'],
  ['a way out leads to its plan', apply('') + PLAN, true, true, '', 'plan'],
  [
    'a plan that stops leads to what helps',
    apply('disabled') + PLAN + NOTE,
    true,
    false,
    '',
    'help'
  ],
  [
    'a way out that fails leads to the next',
    PREVIEW + NOTE,
    false,
    true,
    '',
    'help'
  ],
  ['or back to Preview', PREVIEW, false, true, '', 'preview'],
  [
    'a preview that fails stays',
    PREVIEW + NOTE,
    false,
    false,
    'preview',
    'preview'
  ],
  [
    'who has gone elsewhere stays there',
    apply('') + PLAN,
    true,
    true,
    'elsewhere',
    'elsewhere'
  ]
])('%s', (_, html, ready, wayOut, before, expected) =>
  expect(led(html, ready, wayOut, before)).toBe(expected)
);
