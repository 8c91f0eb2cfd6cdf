// The user's conversations: beside the open one, or on a phone in a drawer over it.
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { type ListedConversation, TITLE_MAX } from '../../shared/names.ts';
import { forget } from '../state/backend.ts';
import type { Ready } from '../state/use-chat.ts';
import { useMedia } from '../state/use-media.ts';
import { Icon, IconButton } from './icons.tsx';

interface Props {
  readonly chat: Ready;
  readonly openId: string;
  /** The drawer. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onOpen: (id: string) => void;
  readonly onNew: () => void;
}

export function Sidebar({ isOpen, onClose, ...props }: Props) {
  const isNarrow = useMedia('(max-width: 760px)');
  const drawer = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) drawer.current?.showModal();
    else drawer.current?.close();
  }, [isOpen]);
  if (!isNarrow) return <aside className="sidebar">{<List {...props} />}</aside>;
  const thenClose =
    <Given extends unknown[]>(act: (...given: Given) => void) =>
    (...given: Given) => {
      act(...given);
      onClose();
    };
  return (
    <dialog
      ref={drawer}
      className="sidebar drawer"
      aria-label="Conversations"
      closedby="any"
      onClose={onClose}
    >
      <button type="button" className="quiet icon close" aria-label="Close" onClick={onClose}>
        <Icon name="close" />
      </button>
      <List {...props} onOpen={thenClose(props.onOpen)} onNew={thenClose(props.onNew)} />
    </dialog>
  );
}

function List({ chat, openId, onOpen, onNew }: Omit<Props, 'isOpen' | 'onClose'>) {
  const { list } = chat;
  const conversations = useSyncExternalStore(list.subscribe, () => list.conversations);
  return (
    <nav aria-label="Conversations">
      <button type="button" className="new" onClick={onNew}>
        <Icon name="plus" /> New conversation
      </button>
      {conversations === null && <p className="hint">Reading…</p>}
      {conversations?.length === 0 && (
        <p className="hint">Your conversations will be listed here, on every device.</p>
      )}
      <ul>
        {conversations?.map((conversation) => (
          <Item
            key={conversation.id}
            chat={chat}
            conversation={conversation}
            isOpen={conversation.id === openId}
            onOpen={onOpen}
          />
        ))}
      </ul>
    </nav>
  );
}

interface ItemProps {
  readonly chat: Ready;
  readonly conversation: ListedConversation;
  readonly isOpen: boolean;
  readonly onOpen: (id: string) => void;
}

function Item({ chat: { list }, conversation: { id, title }, isOpen, onOpen }: ItemProps) {
  const [mode, setMode] = useState<'shown' | 'renaming' | 'deleting'>('shown');
  const [error, setError] = useState('');
  const done = (work: Promise<unknown>): void => {
    setMode('shown');
    work.then(
      () => setError(''),
      () => setError('That did not work. Is there a connection?'),
    );
  };
  const remove = async (): Promise<void> => {
    await forget(id);
    await list.remove(id);
  };
  return (
    <li className={isOpen ? 'open' : ''}>
      {mode === 'renaming' ? (
        <Rename
          title={title}
          onClose={() => setMode('shown')}
          onSave={(text) => done(list.rename(id, text))}
        />
      ) : (
        <button
          type="button"
          className="quiet title"
          aria-current={isOpen ? 'page' : undefined}
          onClick={() => onOpen(id)}
        >
          {title}
        </button>
      )}
      {mode === 'shown' && (
        <span className="tools">
          <IconButton label={`Rename: ${title}`} icon="pencil" onClick={() => setMode('renaming')} />
          <IconButton label={`Delete: ${title}`} icon="close" onClick={() => setMode('deleting')} />
        </span>
      )}
      {mode === 'deleting' && <Deletion onYes={() => done(remove())} onNo={() => setMode('shown')} />}
      {error !== '' && <p role="alert">{error}</p>}
    </li>
  );
}

function Deletion({ onYes, onNo }: { readonly onYes: () => void; readonly onNo: () => void }) {
  return (
    <div className="actions" role="alert">
      <span>Delete for good?</span>
      <button type="button" className="small danger" onClick={onYes}>
        Delete
      </button>
      <button type="button" className="quiet small" onClick={onNo}>
        Keep
      </button>
    </div>
  );
}

interface RenameProps {
  readonly title: string;
  readonly onSave: (title: string) => void;
  readonly onClose: () => void;
}

function Rename({ title, onSave, onClose }: RenameProps) {
  const [text, setText] = useState(title);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === '' || text.trim() === title) onClose();
        else onSave(text.trim());
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
        autoFocus
        value={text}
        maxLength={TITLE_MAX}
        aria-label="Title"
        onChange={(event) => setText(event.target.value)}
        onBlur={onClose}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      />
    </form>
  );
}
