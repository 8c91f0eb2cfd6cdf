interface Props {
  readonly text: string;
  readonly onRetry: () => void;
  readonly onDrop?: () => void;
}

/** Something went wrong, and can be tried again. */
export function Failure({ text, onRetry, onDrop }: Props) {
  return (
    <div className="failure" role="alert">
      <p>{text}</p>
      <button type="button" className="small" onClick={onRetry}>
        Retry
      </button>
      {onDrop !== undefined && (
        <button type="button" className="quiet small" onClick={onDrop}>
          Discard
        </button>
      )}
    </div>
  );
}
