// A link that opens the same conversations on another device.
import { useRef, useState } from 'react';
import { secret } from '../state/backend.ts';
import { linkOf } from '../state/user.ts';
import { Icon } from './icons.tsx';

const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

export function ShareButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button
        type="button"
        className="quiet icon"
        aria-label="Use on another device"
        title="Use on another device"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="share" />
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="share-title" closedby="any">
        <h2 id="share-title">Use on another device</h2>
        <p>
          This link opens your conversations there. Whoever has it can read and write them: keep it to
          yourself.
        </p>
        {isLoopback && (
          <p className="hint">
            It begins with this machine’s own name for itself, so it is for other browsers here. For another
            machine start with HOST=0.0.0.0 and open the page by the address in your network.
          </p>
        )}
        <Link onClose={() => dialog.current?.close()} />
      </dialog>
    </>
  );
}

function Link({ onClose }: { readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const link = linkOf(secret);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(link);
    setCopied(true);
  };
  return (
    <>
      <input readOnly value={link} aria-label="Link" onFocus={(event) => event.target.select()} />
      <div className="actions">
        {navigator.clipboard !== undefined && (
          <button type="button" onClick={() => void copy()}>
            {isCopied ? 'Copied' : 'Copy link'}
          </button>
        )}
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </div>
    </>
  );
}
