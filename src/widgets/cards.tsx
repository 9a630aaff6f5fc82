import React from 'react';

import { Badge, classes } from './components';

/** One of the choices of a row of cards. */
export interface ICard {
  /** What choosing it means. */
  value: string;
  /** Its name. */
  title: string;
  /** A mark beside the name. */
  mark?: string;
  /** More about it, below the name. */
  detail?: string;
  /** What to mind about it, below that. */
  note?: string;
}

/** What a row of cards needs. */
export interface ICardsProps {
  /** The id of the row. */
  id: string;
  /** The id of its label. */
  labelledBy: string;
  /** The choices. */
  cards: readonly ICard[];
  /** The one that is chosen; null while none is. */
  value: string | null;
  /** Whether the choice is wrong. */
  invalid?: boolean;
  /** Whether the cards hold sentences. */
  wide?: boolean;
  /** Called with the choice. */
  onChange: (value: string) => void;
}

/** Choices as cards; radio buttons for the keyboard and to screen readers. */
export function Cards(props: ICardsProps): JSX.Element {
  const { id, cards, value, invalid, wide, onChange } = props;
  // Two pages may show the same row, and radio buttons of one name exclude each other.
  const name = React.useId();
  return (
    <div
      id={id}
      className={classes('jp-EnvManager-cards', wide && 'jp-mod-wide')}
      role="radiogroup"
      aria-labelledby={props.labelledBy}
      aria-invalid={invalid || undefined}
    >
      {cards.map((card, index) => (
        <Card
          key={card.value}
          id={`${name}-${index}`}
          name={name}
          card={card}
          checked={card.value === value}
          onChange={() => onChange(card.value)}
        />
      ))}
    </div>
  );
}

function Card(props: {
  id: string;
  name: string;
  card: ICard;
  checked: boolean;
  onChange: () => void;
}): JSX.Element {
  const { id, name, card, checked, onChange } = props;
  const { title, mark, detail, note } = card;
  return (
    <label
      className={classes('jp-EnvManager-card', checked && 'jp-mod-selected')}
      data-card={card.value}
    >
      <input
        type="radio"
        className="jp-EnvManager-cardInput"
        name={name}
        value={card.value}
        checked={checked}
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-detail`}
        onChange={onChange}
      />
      <span className="jp-EnvManager-cardHead">
        <span id={`${id}-title`} className="jp-EnvManager-cardTitle">
          {title}
        </span>
        {mark && <Badge>{mark}</Badge>}
      </span>
      <span id={`${id}-detail`} className="jp-EnvManager-cardText">
        {detail}
        {note && <span className="jp-EnvManager-cardNote">{note}</span>}
      </span>
    </label>
  );
}
