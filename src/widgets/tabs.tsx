import React from 'react';

/** What the tabs need. */
export interface ITabsProps<T extends string> {
  /** What they are for, for screen readers. */
  label: string;
  /** Each tab's name, its text, and its count where it is known. */
  tabs: [name: T, text: string, count: number | string | null][];
  /** The one shown. */
  chosen: T;
  /** Called with the one to show. */
  onChoose: (name: T) => void;
  /** The content of the one shown. */
  children: React.ReactNode;
}

/** Tabs, and the content of one of them; the arrow keys go from one to the next. */
export function Tabs<T extends string>(props: ITabsProps<T>): JSX.Element {
  const { label, tabs, chosen, onChoose, children } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const id = React.useId();
  const index = tabs.findIndex(([name]) => name === chosen);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const places: Record<string, number> = {
      ArrowRight: (index + 1) % tabs.length,
      ArrowLeft: (index + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    };
    const place = places[event.key];
    if (place !== undefined) {
      event.preventDefault();
      onChoose(tabs[place][0]);
      (list.current?.children[place] as HTMLElement).focus();
    }
  };
  return (
    <>
      <div
        ref={list}
        className="jp-EnvManager-tabs"
        role="tablist"
        aria-label={label}
        onKeyDown={onKeyDown}
      >
        {tabs.map(([name, text, count]) => (
          <button
            key={name}
            id={`${id}-${name}`}
            type="button"
            className="jp-EnvManager-tab"
            role="tab"
            aria-selected={name === chosen}
            aria-controls={name === chosen ? `${id}-panel` : undefined}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {text} {count}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        className="jp-EnvManager-tabPanel"
        role="tabpanel"
        aria-labelledby={`${id}-${chosen}`}
      >
        {children}
      </div>
    </>
  );
}
