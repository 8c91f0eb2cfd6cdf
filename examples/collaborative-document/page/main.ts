// The page: one client, the document it reads, what is written here and waits to be stored, and the views of both.
import { Sockudo } from '@sockudo/client';
import { byId, html, note, showConnection } from '@sockudo/example-kit/page';
import { CallFailed, call } from './backend.ts';
import { SharedDocument } from './document.ts';
import { type Draft, Outbox } from './outbox.ts';
import type { ParagraphActions } from './paragraph-view.ts';
import { ParagraphsView } from './paragraphs-view.ts';
import { CurrentSession } from './session.ts';
import { VersionsView } from './versions-view.ts';

const session = new CurrentSession();
const appKey = document.querySelector<HTMLMetaElement>('meta[name=sockudo-key]')?.content ?? '';
const isSecure = location.protocol === 'https:';
const port = Number(location.port) || (isSecure ? 443 : 80);

const sockudo = new Sockudo(appKey, {
  wsHost: location.hostname,
  wsPort: port,
  wssPort: port,
  forceTLS: isSecure,
  protocolVersion: 2,
  connectionRecovery: true,
  versionedMessages: { endpoint: '/backend/messages' },
});

const outbox = new Outbox({
  send: store,
  onChange: () => {
    paragraphs.showAll();
    showSaved();
  },
  onRefused: (draft, error) => refused(error, draft.text),
});
const paragraphs = new ParagraphsView({
  stateOf: (serial) => text.stateOf(serial),
  outbox,
  actionsFor,
  ownId: () => session.user?.id,
});
const text = new SharedDocument(sockudo, {
  onParagraph: ({ messageSerial }) => {
    paragraphs.show(messageSerial);
    void versions.refresh(messageSerial);
  },
  onReactions: (serial, reactions) => paragraphs.showReactions(serial, reactions),
  onReset: () => paragraphs.clear(),
  onLoaded: () => html('paragraphs').setAttribute('aria-busy', 'false'),
});
const versions = new VersionsView({
  channel: text.channel,
  onRestore: (serial, old) => outbox.put(serial, old),
  onOpen: (serial) => paragraphs.markOpen(serial),
});

showConnection(sockudo, 'what you write is kept here and sent then');
sockudo.connection.bind('connected', () => outbox.hurry());
showSaved();
showUser();

async function store({ serial, text: written, opId }: Draft): Promise<void> {
  const body = { serial, text: written, opId };
  const { version_serial } = await call<{ version_serial: string }>(
    '/paragraphs/change',
    body,
    session.headers(),
  );
  paragraphs.stored(serial, written, version_serial);
}

function actionsFor(serial: string): ParagraphActions {
  return {
    onWrite: (written) => outbox.put(serial, written),
    onReact: (name, isOn) => void change('/reactions', { serial, name, isOn }),
    onVersions: () => void versions.open(serial),
    onRemove: () => {
      outbox.drop(serial);
      void change('/paragraphs/remove', { serial, opId: crypto.randomUUID() });
    },
    onRestore: () => outbox.put(serial, String(text.stateOf(serial)?.data ?? '')),
  };
}

/** A change that is not kept when it fails. */
async function change(path: string, body: object): Promise<boolean> {
  try {
    await call(path, body, session.headers());
    note(html('problem'), '');
    return true;
  } catch (error) {
    refused(error, null);
    return false;
  }
}

function refused(error: unknown, unsaved: string | null): void {
  if (error instanceof CallFailed && error.status === 401) {
    session.close();
    showUser();
    note(html('problem'), 'Please say again who you are.');
  } else if (unsaved === null) note(html('problem'), 'That did not work; please try again.');
  else note(html('problem'), `The server did not take this text: “${unsaved.slice(0, 80)}”`);
}

function showSaved(): void {
  const { size } = outbox;
  html('saved').textContent =
    size === 0 ? 'All stored' : `${size} ${size === 1 ? 'change' : 'changes'} to store`;
  html('saved').dataset.waiting = String(size > 0);
}

function showUser(): void {
  const { user } = session;
  document.body.classList.toggle('reading', user === null);
  html('who').textContent = user === null ? '' : `You write as ${user.name}`;
  html('join').hidden = user !== null;
  html('add').hidden = user === null;
  paragraphs.showAllReactions();
}

byId('join', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await session.open(byId('join-name', HTMLInputElement).value.trim());
    note(html('problem'), '');
    showUser();
    outbox.hurry();
  } catch {
    note(html('problem'), 'The server does not answer; please try again.');
  }
});

byId('add', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault();
  const area = byId('add-text', HTMLTextAreaElement);
  const written = area.value.trim();
  if (written === '') return;
  if (await change('/paragraphs', { id: crypto.randomUUID(), text: written })) area.value = '';
});
