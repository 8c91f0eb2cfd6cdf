// The few signs of the page, drawn here: fonts differ in what they have.
const PATHS = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  pencil: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  before: 'M15 5l-7 7 7 7',
  after: 'M9 5l7 7-7 7',
  devices: 'M3 5h13v9H3zM7 18h5M18 9h3v9h-5v-2',
  share: 'M12 15V4M8 7.5L12 4l4 3.5M5 12v8h14v-8',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4',
  bellOff: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4M4 4l16 16',
} as const;

/** Hidden from screen readers: the button says what it does. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

interface IconButtonProps {
  readonly label: string;
  readonly icon: keyof typeof PATHS;
  readonly onClick: () => void;
}

export const IconButton = ({ label, icon, onClick }: IconButtonProps) => (
  <button type="button" className="quiet icon small" aria-label={label} onClick={onClick}>
    <Icon name={icon} />
  </button>
);
